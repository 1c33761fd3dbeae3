//! What goes wrong for people who are tired, and for folders that are not whole.

use super::*;

#[test]
fn a_device_that_was_revoked_stays_out_whatever_goes_wrong() {
    let world = World::new();
    let ada = world.person("Ada", "clinician");
    let circle = ada.new_circle("Test Circle", "teaching", "archive");
    let mut phone = world.empty("Ada's phone");
    phone.user.clone_from(&ada.user);
    let (request, grant) = (world.at("link"), world.at("grant"));
    let asked = done(&phone.run(&["identity", "link", &ada.user, "--name", "Test Ada", "--out", &request]));
    phone.device = text(&asked["device"]);
    done(&ada.through(&["identity", "approve", &request, "--out", &grant, "--yes"]));
    done(&phone.through(&["identity", "accept", &grant, "--yes"]));
    done(&ada.through(&["circle", "pull", &circle]));

    // The phone is lost, and the folder is the wrong one: no circle is told.
    let wrong = world.at("wrong");
    let told = ada.run(&["identity", "revoke", &phone.device, "--through", &wrong]);
    assert_eq!(told.status.code(), Some(1));
    let devices = || done(&ada.run(&["identity", "show"]))["devices"].as_array().unwrap().len();
    assert_eq!(devices(), 1);
    done(&ada.through(&["circle", "pull", &circle]));
    assert_eq!(devices(), 1, "what the circle still lists does not bring it back");
    // Nothing is posted meanwhile: the phone would read it.
    let case = ada.case("A rash.");
    ada.meet_log();
    assert_eq!(ada.meet_head(&circle, 0).status.code(), Some(0));
    let sealed = lines(&ada.seal(&case, &circle)).pop().unwrap();
    assert_eq!(codes(&sealed["missing"]), ["revoked_device_listed"], "{sealed}");
    // The same again, by its first digits, with the right folder.
    done(&ada.through(&["identity", "revoke", &phone.device[..8]]));
    let lost = phone.through(&["circle", "pull", &circle]);
    assert_eq!(lines(&lost)[0]["no_key"]["code"], "device_not_listed");
    assert_eq!(ada.show(&circle)["epochs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_feed_with_a_hole_is_not_written_to_and_not_taken_for_whole() {
    let world = World::new();
    let (ada, ben) = (world.person("Ada", "clinician"), world.person("Ben", "clinician"));
    let circle = ada.new_circle("Test Circle", "teaching", "archive");
    ada.add(&circle, &ben, "member");
    let case = ada.case("A rash.");
    ada.meet_log();
    assert_eq!(ada.meet_head(&circle, 0).status.code(), Some(0));
    let post = text(&done(&ada.seal(&case, &circle))["post"]);
    let withdraw = |who: &Person<'_>, reason: &str| {
        who.through(&["post", "withdraw", &circle, &post, "--reason", reason])
    };
    // Who may not say it says nothing.
    done(&ben.through(&["circle", "pull", &circle]));
    assert_eq!(code(&withdraw(&ben, "author")), "role");
    assert!(!world.circle(&circle, "posts/1.json").exists());
    done(&withdraw(&ada, "author"));
    assert_eq!(code(&ben.open(&circle, "o1")), "withdrawn");

    // The withdrawal is not there (yet), and something after it is.
    let place = |n: u64| world.circle(&circle, &format!("posts/{n}.json"));
    let whole = fs::read(place(1)).unwrap();
    fs::write(place(2), "{}").unwrap();
    fs::remove_file(place(1)).unwrap();
    assert_eq!(code(&ben.open(&circle, "o2")), "feed_hole");
    assert_eq!(code(&withdraw(&ada, "admin")), "feed_hole");
    // What this device said itself is not there: its next word would hang in the air.
    fs::remove_file(place(2)).unwrap();
    assert_eq!(code(&withdraw(&ada, "admin")), "own_past_missing");
    // What is no file takes nothing else away.
    fs::create_dir(place(1)).unwrap();
    fs::write(place(2), whole).unwrap();
    let opened = ben.open(&circle, "o3");
    let lines = lines(&opened);
    assert!(lines.iter().any(|line| line["error"]["code"] == "not_a_file"), "{opened:?}");
    assert!(lines.iter().any(|line| line["error"]["code"] == "withdrawn"), "{opened:?}");
}

#[test]
fn details_that_an_officer_should_see_are_missed_when_they_are_gone() {
    let world = World::new();
    let ada = world.person("Ada", "clinician");
    ada.case("A rash.");
    let (key, public, out) = (world.at("officer"), world.at("officer.public"), world.at("sealed"));
    done(&curtain(&["identity", "officer", "--json", "--key", &key, "--out", &public]));
    let export = ["ledger", "export", "--taken-by", "Test Officer", "--officer", &public, "--out", &out];
    done(&ada.run(&export));
    let open = || curtain(&["ledger", "open", "--json", "--key", &key, &out]);
    let opened = open();
    assert_eq!(opened.status.code(), Some(0));
    let records = lines(&opened);
    assert_eq!(records[0]["details"]["patient"], "Quillibrand Testmann");
    assert_eq!(records[1]["taken_by"], "Test Officer");
    for bytes in [b"Quillibrand".as_slice(), b"Testmann", b"Test Officer"] {
        assert!(!crate::the_relay_reads_nothing::holds_in(Path::new(&out), bytes), "sealed");
    }
    fs::remove_file(Path::new(&out).join("sealed/0")).unwrap();
    let opened = open();
    assert_eq!(opened.status.code(), Some(1));
    let records = lines(&opened);
    assert_eq!(records[0]["error"]["code"], "details_missing");
    assert_eq!(records[1]["taken_by"], "Test Officer", "the rest is read");
}
