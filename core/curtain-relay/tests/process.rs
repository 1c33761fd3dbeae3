//! The program: what it says, and how it stops.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn start(folder: &Path, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_curtain-relay"))
        .args(["--listen", "127.0.0.1:0", "--name", "test", "--store"])
        .arg(folder.join("store"))
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_says_where_it_listens_and_nothing_of_what_it_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut relay = start(folder.path(), &[]);
    let mut stdout = BufReader::new(relay.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
    let circle = "ab".repeat(32);
    assert!(get(&address, "/v1/relay").contains("test/feed+"));
    assert!(get(&address, &format!("/v1/circles/{circle}/feed?from=7")).starts_with("HTTP/1.1 401 "));

    let told = Command::new("kill").args(["-TERM", &relay.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(relay.wait().unwrap().success());
    let (mut rest, mut log) = (String::new(), String::new());
    stdout.read_to_string(&mut rest).unwrap();
    relay.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(rest, "");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["message"].is_string());
    }
    assert!(log.contains(r#""route":"/v1/circles/{circle}/feed""#), "{log}");
    let path = folder.path().to_str().unwrap();
    for hidden in [circle.as_str(), address.as_str(), "127.0.0.1", path, "from=7"] {
        assert!(!log.contains(hidden), "{hidden}: {log}");
    }
    assert!(folder.path().join("store.keys").exists());
}

#[test]
fn what_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = ["--store", "s3://bucket/a"];
    for (args, why) in [(&["--tls-cert", "x"][..], "go together"), (&bucket, "cannot be used multiple times")]
    {
        let output = start(folder.path(), args).wait_with_output().unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(why), "{said}");
        assert!(output.stdout.is_empty());
    }
}
