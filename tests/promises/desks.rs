//! People at desks: a vault each, and what is between them, a folder or a relay.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use curtain::wire::head::LogHead;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{curtain, lines, path};
use crate::people::{SIGNATURE, open};
use crate::witness::Witness;

/// What people share: the folder through which circles travel, an issuer, a witness, and a table for papers.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) issuer: String,
    /// What circles travel through, if it is not a folder.
    pub(crate) relay: Option<String>,
}

/// Somebody at a device.
pub(crate) struct Person<'w> {
    pub(crate) world: &'w World,
    pub(crate) vault: PathBuf,
    pub(crate) user: String,
    pub(crate) device: String,
}

/// The one line that was printed by a command that did all it was asked for.
pub(crate) fn done(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors} {}", String::from_utf8_lossy(&output.stdout));
    lines(output).pop().unwrap()
}

/// The code of the error of a command that was refused.
pub(crate) fn code(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    let line = lines(output).pop().unwrap();
    line["error"]["code"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned()
}

pub(crate) fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn witness_key() -> String {
    Witness::new().key().to_string()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self { folder, issuer: String::new(), relay: None };
        world.issuer =
            text(&done(&curtain(&["identity", "issuer", "--json", "--key", &world.at("issuer")]))["issuer"]);
        world
    }

    pub(crate) fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The same, with circles that travel through a relay.
    pub(crate) fn at_relay(url: &str) -> Self {
        Self { relay: Some(url.to_owned()), ..Self::new() }
    }

    pub(crate) fn through(&self) -> String {
        self.relay.clone().unwrap_or_else(|| self.at("shared"))
    }

    /// Files of a circle in the folder.
    pub(crate) fn circle(&self, circle: &str, rest: &str) -> PathBuf {
        Path::new(&self.through()).join("circles").join(circle).join(rest)
    }

    /// Somebody with a vault and nothing in it.
    pub(crate) fn empty(&self, name: &str) -> Person<'_> {
        let vault = self.folder.path().join(name);
        Person { world: self, vault, user: String::new(), device: String::new() }
    }

    /// Somebody new, with a credential of that kind.
    pub(crate) fn person(&self, name: &str, kind: &str) -> Person<'_> {
        let mut person = self.empty(name);
        let made = done(&person.run(&["identity", "new", "--name", &format!("Test {name}")]));
        (person.user, person.device) = (text(&made["user"]), text(&made["device"]));
        let credential = self.credential(&person, kind);
        done(&person.run(&["identity", "credential", &credential]));
        person
    }

    pub(crate) fn credential(&self, person: &Person<'_>, kind: &str) -> String {
        let out = self.at(&format!("credential-{kind}-{}", &person.user[..8]));
        let (key, user, device) = (self.at("issuer"), &person.user, &person.device);
        let output = curtain(&[
            "identity", "issue", "--json", "--key", &key, "--user", user, "--device", device, "--kind", kind,
            "--days", "30", "--out", &out,
        ]);
        done(&output);
        out
    }
}

impl Person<'_> {
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"));
        command.args(&args[..2]).args(["--json", "--vault"]).arg(&self.vault).args(&args[2..]);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn run_with(&self, args: &[&str], typed: &str) -> Output {
        use std::io::Write;
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// The same with the shared folder.
    pub(crate) fn through(&self, args: &[&str]) -> Output {
        let through = self.world.through();
        self.run(&[args, &["--through", &through]].concat())
    }

    pub(crate) fn new_circle(&self, name: &str, audience: &str, history: &str) -> String {
        let issuer = &self.world.issuer;
        let args = [
            "circle",
            "new",
            "--name",
            name,
            "--audience",
            audience,
            "--history",
            history,
            "--issuer",
            issuer,
        ];
        text(&done(&self.through(&args))["circle"])
    }

    /// Hands an invitation to `other`, and brings back the request.
    pub(crate) fn request(&self, circle: &str, other: &Person<'_>) -> (String, String) {
        let invite = self.world.at(&format!("invite-{}-{}", &circle[..8], &other.user[..8]));
        let request = self.world.at(&format!("request-{}-{}", &circle[..8], &other.user[..8]));
        let invited = done(&self.run(&["circle", "invite", circle, "--out", &invite]));
        let asked = done(&other.run(&["circle", "join", &invite, "--out", &request]));
        assert_eq!(invited["fingerprint"], asked["invite_fingerprint"]);
        (invite, request)
    }

    /// Lets `other` in, who then takes the circle in.
    pub(crate) fn add(&self, circle: &str, other: &Person<'_>, role: &str) {
        let (invite, request) = self.request(circle, other);
        let added = done(&self.through(&["circle", "add", circle, &request, "--role", role]));
        assert_eq!(added["rotation_due"], false, "{added}");
        done(&other.through(&["circle", "pull", &invite]));
    }

    pub(crate) fn show(&self, circle: &str) -> Value {
        done(&self.run(&["circle", "show", circle]))
    }

    /// A witness sees the circle, as it is on this device.
    pub(crate) fn meet_head(&self, circle: &str, seconds_ago: u64) -> Output {
        let head = done(&self.run(&["circle", "head", circle]));
        let head: LogHead = text(&head["head"]).parse().unwrap();
        let note = self.world.at("head");
        fs::write(&note, Witness::new().cosign_head(&head, now_s() - seconds_ago).to_string()).unwrap();
        self.run(&["circle", "meet", circle, &note, "--witness", &witness_key()])
    }

    /// A witness sees the consent log of this device.
    pub(crate) fn meet_log(&self) {
        let note = {
            let vault = open(&self.vault).unwrap();
            let log = vault.logs().unwrap().pop().unwrap();
            let leaves: Vec<_> = vault.leaf_hashes(log.id).unwrap().collect::<Result<_, _>>().unwrap();
            Witness::new().cosign(&log.checkpoint, &log.verifier, &leaves, now_s()).unwrap()
        };
        let file = self.world.at("checkpoint");
        fs::write(&file, note.to_string()).unwrap();
        done(&self.run(&["ledger", "meet", &file, "--witness", &witness_key()]));
    }

    /// A case that was reviewed: everything covered and replaced.
    pub(crate) fn reviewed(&self, story: &str) -> String {
        self.reviewed_of("orient/o6.jpg", story)
    }

    fn reviewed_of(&self, photo: &str, story: &str) -> String {
        let file = self.world.at("story.txt");
        fs::write(&file, story).unwrap();
        let photo = path(photo);
        let case = done(&self.run(&["post", "new", "--title", "A rash", "--text", &file, &photo]));
        let case = text(&case["case"]);
        let seen = done(&self.run(&["post", "review", &case]));
        assert!(!seen["photos"][0]["findings"].as_array().unwrap().is_empty());
        let mut decided = seen["template"].clone();
        let decisions = self.world.at("decisions.json");
        fs::write(&decisions, decided.to_string()).unwrap();
        let unread = self.run(&["post", "review", &case, "--decisions", &decisions]);
        assert_eq!(code(&unread), "not_checked", "the template decides nothing alone");
        for check in seen["checks"].as_array().unwrap() {
            decided["photos"][0]["checks"][check.as_str().unwrap()] = json!("absent");
        }
        fs::write(&decisions, decided.to_string()).unwrap();
        let shown = self.world.at(&format!("shown-{case}"));
        let reviewed =
            done(&self.run(&["post", "review", &case, "--decisions", &decisions, "--out", &shown]));
        assert_eq!(reviewed["paths"].as_array().unwrap().len(), 3, "a picture, the text twice");
        assert_eq!(
            fs::read_to_string(Path::new(&shown).join("text.txt")).unwrap().lines().next(),
            Some("A rash")
        );
        case
    }

    /// A case that a patient agreed to.
    pub(crate) fn case(&self, story: &str) -> String {
        self.case_of("orient/o6.jpg", story)
    }

    /// The same, of a certain photo.
    pub(crate) fn case_of(&self, photo: &str, story: &str) -> String {
        let case = self.reviewed_of(photo, story);
        let signature = self.world.at("signature");
        fs::write(&signature, SIGNATURE).unwrap();
        let expires =
            curtain::time::UnixTime::new(now_s().try_into().unwrap()).unwrap().plus_days(300).date();
        let args = [
            "post",
            "consent",
            &case,
            "--regime",
            "hipaa",
            "--level",
            "teaching",
            "--purpose",
            "teaching",
            "--giver",
            "patient",
            "--recipients",
            "the circle",
            "--discloser",
            "Test Clinic",
            "--contact",
            "room 1",
            "--description",
            "a rash",
            "--affirm",
            "understood",
            "--shown",
            "--signature",
            &signature,
            "--expires",
            &expires,
            "--patient",
            "Quillibrand Testmann",
        ];
        done(&self.run(&args));
        case
    }

    pub(crate) fn seal(&self, case: &str, circle: &str) -> Output {
        self.through(&["post", "seal", case, "--circle", circle])
    }

    /// Opens the feed of a circle: what was printed, by line.
    pub(crate) fn open(&self, circle: &str, out: &str) -> Output {
        let (out, witness) = (self.world.at(out), witness_key());
        self.through(&["post", "open", circle, "--witness", &witness, "--out", &out])
    }
}
