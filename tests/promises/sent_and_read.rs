//! Cases through the real relay: sent, read, said something of; and a relay or network that does what it should not.

use serde_json::json;

use crate::desks::{Person, World, done, text};
use crate::relay::{Between, Fate, Process, sync_through};

/// Ada and Ben in one circle at a relay, and a case of Ada's that is sealed and queued.
pub(crate) struct Scene<'w> {
    pub(crate) ada: Person<'w>,
    pub(crate) ben: Person<'w>,
    pub(crate) circle: String,
}

impl<'w> Scene<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        let (ada, ben) = (world.person("Ada", "clinician"), world.person("Ben", "clinician"));
        let circle = ada.new_circle("Test Dermatology", "teaching", "archive");
        ada.add(&circle, &ben, "member");
        Self { ada, ben, circle }
    }

    /// A case that is sealed and waits.
    pub(crate) fn queued(&self) -> String {
        let case = self.ada.case("Quillibrand came with a rash.");
        let sealed = done(&self.ada.run(&["post", "seal", &case, "--circle", &self.circle]));
        assert_eq!(sealed["queued"], true, "{sealed}");
        text(&sealed["post"])
    }
}

impl Person<'_> {
    /// A sync after which all is done.
    pub(crate) fn sync(&self) -> Vec<serde_json::Value> {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_curtain-under-test"));
        let output =
            command.args(["sync", "--json", "--hurry", "--vault"]).arg(&self.vault).output().unwrap();
        done(&output);
        crate::command::lines(&output)
    }
}

#[test]
fn a_case_is_sent_and_read() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let post = scene.queued();
    scene.ada.sync();
    let seen = scene.ben.sync();
    assert_eq!(seen[0]["headers"], json!(1), "{seen:?}");
    let _ = (post, Between::new(|_: &curtain::transport::Call<'_>| Fate::Passes), sync_through);
}
