//! Running networks. The only file that imports tract.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest;
use tract_linalg::multithread::{Executor, multithread_tract_scope};
use tract_onnx::prelude::*;

use super::DetectError;
use crate::geometry::Size;

/// A network whose weights are the ones that its card in `models/` describes.
pub(super) struct Model {
    network: InferenceModel,
    plans: Mutex<HashMap<(u32, u32), Arc<TypedRunnableModel>>>,
    threads: Executor,
}

/// What goes into a network: three planes of `size`, one after the other.
pub(super) struct Input {
    pub(super) size: Size,
    pub(super) planes: Vec<f32>,
}

/// One tensor that came out, row-major, every value finite.
pub(super) struct Output {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

impl Model {
    /// Reads a network from ONNX `bytes`.
    ///
    /// # Errors
    /// [`DetectError::WrongModel`] if the bytes do not hash to `sha256` or cannot be read.
    pub(super) fn verified(mut bytes: &[u8], sha256: &[u8; 32]) -> Result<Self, DetectError> {
        if digest::digest(&digest::SHA256, bytes).as_ref() != sha256 {
            return Err(DetectError::WrongModel);
        }
        let onnx = tract_onnx::onnx().with_ignore_output_shapes(true).with_ignore_value_info(true);
        let network = catch_unwind(AssertUnwindSafe(|| onnx.model_for_read(&mut bytes)))
            .map_err(|_| DetectError::WrongModel)?
            .map_err(|_| DetectError::WrongModel)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if cores > 1 { Executor::multithread(cores) } else { Executor::SingleThread };
        Ok(Self { network, plans: Mutex::default(), threads })
    }

    /// Runs the network on one input. One plan is kept for each input size, so use few sizes.
    ///
    /// # Errors
    /// [`DetectError::CouldNotRun`] if it fails, panics, or gives anything that is not a finite
    /// number: none of these is "nothing found".
    pub(super) fn run(&self, input: &Input) -> Result<Vec<Output>, DetectError> {
        catch_unwind(AssertUnwindSafe(|| self.try_run(input)))
            .map_err(|_| DetectError::CouldNotRun)?
            .ok_or(DetectError::CouldNotRun)
    }

    /// Makes the plan for inputs of `size`, if it is not there yet. A failure shows in [`Model::run`].
    pub(super) fn prepare(&self, size: Size) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.plan(size).is_ok()));
    }

    fn try_run(&self, input: &Input) -> Option<Vec<Output>> {
        let plan = self.plan(input.size).ok()?;
        let shape = [1, 3, input.size.height as usize, input.size.width as usize];
        let tensor = Tensor::from_shape(&shape, &input.planes).ok()?;
        let outputs =
            multithread_tract_scope(self.threads.clone(), || plan.run(tvec!(tensor.into()))).ok()?;
        outputs.iter().map(|tensor| read_output(tensor)).collect()
    }

    fn plan(&self, size: Size) -> TractResult<Arc<TypedRunnableModel>> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&(size.width, size.height)) {
            return Ok(Arc::clone(plan));
        }
        let fact = f32::fact([1, 3, size.height as usize, size.width as usize]);
        let plan = self.network.clone().with_input_fact(0, fact.into())?.into_optimized()?.into_runnable()?;
        plans.insert((size.width, size.height), Arc::clone(&plan));
        Ok(plan)
    }
}

fn read_output(tensor: &Tensor) -> Option<Output> {
    let view = tensor.to_plain_array_view::<f32>().ok()?;
    let values: Vec<f32> = view.iter().copied().collect();
    values.iter().all(|v| v.is_finite()).then(|| Output { shape: tensor.shape().to_vec(), values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::faces;

    #[test]
    fn output_that_is_not_a_number_is_no_output() {
        for value in [f32::NAN, f32::INFINITY] {
            assert!(read_output(&Tensor::from_shape(&[1, 2], &[0.5, value]).unwrap()).is_none());
        }
        assert!(read_output(&Tensor::from_shape(&[1, 2], &[0.5f32, 1.0]).unwrap()).is_some());
        assert!(read_output(&Tensor::from_shape(&[1], &[1i64]).unwrap()).is_none(), "nor is another type");
    }

    #[test]
    fn input_of_the_wrong_length_is_could_not_run() {
        let model = Model::verified(faces::WEIGHTS, &faces::SHA256).unwrap();
        let input = Input { size: Size::new(64, 64), planes: vec![0.0; 7] };
        assert_eq!(model.run(&input).err(), Some(DetectError::CouldNotRun));
    }

    #[test]
    fn changed_weights_are_refused() {
        let mut weights = faces::WEIGHTS.to_vec();
        weights[1000] ^= 1;
        assert_eq!(Model::verified(&weights, &faces::SHA256).err(), Some(DetectError::WrongModel));
    }
}
