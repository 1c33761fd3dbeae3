//! The one place that keeps anything: objects that are created once and never changed. The only module that speaks to
//! `object_store`.

use std::ops::Range;
use std::path::{Path as Folder, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    PutPayload,
};
use ring::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

/// After so long nobody writes to a file any more that is not an object yet.
const HALF_WRITTEN: std::time::Duration = std::time::Duration::from_hours(1);

/// What [`Store::create`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Created {
    /// The object was not there, and is there now.
    New,
    /// An object of this name was there before, with whatever bytes.
    There,
}

/// The store did not do what was asked. Shown without names and paths.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    /// An object is larger than objects of its kind are.
    #[error("an object in the store is larger than {max} bytes")]
    TooLarge {
        /// As large as it may be.
        max: usize,
    },
    /// The store could not be reached, or refused.
    #[error("the store does not answer as it should; try again later")]
    Failed(#[source] Error),
}

/// The store that was named at start cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another form than a folder or `s3://`, `gs://`, `az://`.
    #[error("the store must be a folder, or s3://bucket/prefix, gs://bucket/prefix, az://container/prefix")]
    Form,
    /// The folder cannot be made.
    #[error("the folder of the store cannot be made")]
    Folder(#[source] std::io::Error),
    /// The provider's settings do not do.
    #[error("the store's settings are not complete: {0}")]
    Settings(#[source] Error),
    /// The store cannot be written and read.
    #[error("the store cannot be written and read: {0}")]
    Unusable(#[source] Error),
    /// Two creations of one object both passed: appends would overwrite each other.
    #[error(
        "the store lets an object be created twice: it does not honour If-None-Match, and cannot be used"
    )]
    Overwrites,
}

/// Objects by name, below the prefix that the operator gave.
#[derive(Clone)]
pub(crate) struct Store {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Where the objects lie, if that is a folder of this machine.
    folder: Option<PathBuf>,
}

/// An object while it is written. Nothing is to be seen of it before [`Writing::finish`].
pub(crate) struct Writing(Box<dyn MultipartUpload>);

impl Store {
    /// Opens a folder (made if needed), or a bucket by the provider's environment variables.
    pub(crate) fn open(place: &str) -> Result<Self, OpenError> {
        let Some((scheme, rest)) = place.split_once("://") else {
            return Self::in_folder(Folder::new(place));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(OpenError::Form);
        }
        let prefix = Path::parse(prefix).map_err(|_| OpenError::Form)?;
        let objects: Result<Arc<dyn ObjectStore>, Error> = match scheme {
            "s3" => AmazonS3Builder::from_env().with_bucket_name(bucket).build().map(|s| Arc::new(s) as _),
            "gs" => GoogleCloudStorageBuilder::from_env()
                .with_bucket_name(bucket)
                .build()
                .map(|s| Arc::new(s) as _),
            "az" => MicrosoftAzureBuilder::from_env()
                .with_container_name(bucket)
                .build()
                .map(|s| Arc::new(s) as _),
            _ => return Err(OpenError::Form),
        };
        Ok(Self { objects: objects.map_err(OpenError::Settings)?, prefix, folder: None })
    }

    /// A folder on this machine, made if it is not there. Files and folders reach the disk before an answer.
    pub(crate) fn in_folder(folder: &Folder) -> Result<Self, OpenError> {
        std::fs::create_dir_all(folder).map_err(OpenError::Folder)?;
        let folder = folder.canonicalize().map_err(OpenError::Folder)?;
        let objects = LocalFileSystem::new_with_prefix(&folder).map_err(OpenError::Settings)?;
        Ok(Self {
            objects: Arc::new(objects.with_fsync(true)),
            prefix: Path::default(),
            folder: Some(folder),
        })
    }

    /// A store as some are: it has no conditions on writing.
    #[cfg(test)]
    pub(crate) fn overwriting() -> Self {
        let objects = Arc::new(tests::Overwriting(object_store::memory::InMemory::new()));
        Self { objects, prefix: Path::default(), folder: None }
    }

    /// Writes, reads and removes an object, and tries to create it twice.
    pub(crate) async fn probe(&self) -> Result<(), OpenError> {
        let mut random = [0; 16];
        SystemRandom::new().fill(&mut random).expect("the operating system gives random bytes");
        let name = format!("probe/{}", hex::encode(random));
        let unusable = |error| match error {
            StoreError::Failed(error) => OpenError::Unusable(error),
            StoreError::TooLarge { .. } => OpenError::Overwrites,
        };
        let first = self.create(&name, "1").await.map_err(unusable)?;
        let second = self.create(&name, "22").await.map_err(unusable);
        let kept = self.get(&name, 2).await.map_err(unusable);
        self.delete(&name).await.map_err(unusable)?;
        self.remove_folder("probe");
        let holds = first == Created::New && second? == Created::There && kept?.as_deref() == Some(b"1");
        if holds { Ok(()) } else { Err(OpenError::Overwrites) }
    }

    /// Removes what a killed process left half written in a folder, if nobody wrote to it for an hour. A bucket's own rules do that.
    pub(crate) fn remove_half_written(&self) {
        let Some(root) = &self.folder else { return };
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.filter_map(Result::ok) {
                let Ok(meta) = entry.metadata() else { continue };
                // No object has this sign in its name.
                let is_staged = entry.file_name().to_string_lossy().contains('#');
                let age = meta.modified().ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
                if meta.is_dir() {
                    folders.push(entry.path());
                } else if is_staged && age > HALF_WRITTEN {
                    let _ = std::fs::remove_file(entry.path());
                }
            }
        }
    }

    /// Creates an object, unless one of this name is there. It is durable when this returns.
    pub(crate) async fn create(&self, name: &str, bytes: impl Into<Bytes>) -> Result<Created, StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let payload = PutPayload::from(bytes.into());
        match self.objects.put_opts(&self.path(name), payload, options).await {
            Ok(_) => Ok(Created::New),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                self.settle(name);
                Ok(Created::There)
            }
            Err(error) => Err(StoreError::Failed(error)),
        }
    }

    /// The object's bytes. None if it is not there.
    pub(crate) async fn get(&self, name: &str, max: usize) -> Result<Option<Bytes>, StoreError> {
        let result = match self.objects.get(&self.path(name)).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            result => result.map_err(StoreError::Failed)?,
        };
        if result.meta.size > max as u64 {
            return Err(StoreError::TooLarge { max });
        }
        result.bytes().await.map(Some).map_err(StoreError::Failed)
    }

    /// The object's size. None if it is not there.
    pub(crate) async fn size(&self, name: &str) -> Result<Option<u64>, StoreError> {
        match self.objects.head(&self.path(name)).await {
            Err(Error::NotFound { .. }) => Ok(None),
            result => result.map(|meta| Some(meta.size)).map_err(StoreError::Failed),
        }
    }

    /// The object's bytes in `range`, as they come. None if it is not there.
    pub(crate) async fn stream(
        &self,
        name: &str,
        range: Range<u64>,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, StoreError>>>, StoreError> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        match self.objects.get_opts(&self.path(name), options).await {
            Err(Error::NotFound { .. }) => Ok(None),
            result => {
                let result = result.map_err(StoreError::Failed)?;
                Ok(Some(result.into_stream().map_err(StoreError::Failed).boxed()))
            }
        }
    }

    /// The last segments of what is directly below `folder`, objects and folders, sorted.
    pub(crate) async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let listed = self.objects.list_with_delimiter(Some(&self.path(folder))).await;
        let listed = listed.map_err(StoreError::Failed)?;
        let objects = listed.objects.iter().map(|meta| &meta.location);
        let mut names: Vec<String> = objects
            .chain(&listed.common_prefixes)
            .filter_map(|path| path.filename().map(str::to_owned))
            .collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The last segments and sizes of the objects directly below `folder`, sorted.
    pub(crate) async fn sizes(&self, folder: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let listed = self.objects.list_with_delimiter(Some(&self.path(folder))).await;
        let listed = listed.map_err(StoreError::Failed)?;
        let named = |meta: &object_store::ObjectMeta| Some((meta.location.filename()?.to_owned(), meta.size));
        let mut sizes: Vec<(String, u64)> = listed.objects.iter().filter_map(named).collect();
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// Removes an object. No error if it is not there.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), StoreError> {
        match self.objects.delete(&self.path(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::Failed(error)),
        }
    }

    /// Removes what a folder on this machine leaves of a folder without objects. Buckets have no folders.
    pub(crate) fn remove_folder(&self, name: &str) {
        if let Some(folder) = &self.folder {
            // Not empty, or gone already: both are well.
            let _ = std::fs::remove_dir(folder.join(name));
        }
    }

    /// Starts an object that is larger than what one would hold in memory. It replaces one of the same name: only for
    /// names that follow from the bytes.
    pub(crate) async fn write(&self, name: &str) -> Result<Writing, StoreError> {
        self.objects.put_multipart(&self.path(name)).await.map(Writing).map_err(StoreError::Failed)
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.parts().chain(Path::from(name).parts()).collect()
    }

    /// Who created the object first may not have written its folder to the disk yet: does it for them.
    fn settle(&self, name: &str) {
        if let Some(parent) = self.folder.as_ref().map(|folder| folder.join(name))
            && let Some(parent) = parent.parent()
        {
            // A folder that cannot be opened for this cannot be written either: the first one hears of it.
            let _ = std::fs::File::open(parent).and_then(|folder| folder.sync_all());
        }
    }
}

impl Writing {
    /// The next bytes. All but the last must be equally many, and at least 5 MiB.
    pub(crate) async fn push(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.0.put_part(PutPayload::from(bytes)).await.map_err(StoreError::Failed)
    }

    /// Makes the object: durable when this returns.
    pub(crate) async fn finish(mut self) -> Result<(), StoreError> {
        self.0.complete().await.map(|_| ()).map_err(StoreError::Failed)
    }

    /// Leaves nothing.
    pub(crate) async fn abort(mut self) {
        // What stays in a bucket after this fails is for its rule on unfinished uploads.
        let _ = self.0.abort().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::{
        CopyOptions, GetResult, ListResult, ObjectMeta, PutMultipartOptions, PutResult, Result,
    };

    /// Takes every write, whatever its condition.
    #[derive(Debug)]
    pub(super) struct Overwriting(pub(super) object_store::memory::InMemory);

    impl std::fmt::Display for Overwriting {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Overwriting")
        }
    }

    #[async_trait::async_trait]
    impl ObjectStore for Overwriting {
        async fn put_opts(&self, path: &Path, payload: PutPayload, _: PutOptions) -> Result<PutResult> {
            self.0.put_opts(path, payload, PutOptions::default()).await
        }

        async fn put_multipart_opts(
            &self,
            path: &Path,
            options: PutMultipartOptions,
        ) -> Result<Box<dyn MultipartUpload>> {
            self.0.put_multipart_opts(path, options).await
        }

        async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
            self.0.get_opts(path, options).await
        }

        fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
            self.0.delete_stream(paths)
        }

        fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
            self.0.list(prefix)
        }

        async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
            self.0.list_with_delimiter(prefix).await
        }

        async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
            self.0.copy_opts(from, to, options).await
        }
    }
}
