//! The client on the page "Write your own client", run as it stands there.

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use serde_json::json;
use tokio::process::{Child, Command};

use super::page::{blocks, read, root};
use crate::house::{House, people::Family, until};

/// The program on the page, in a folder of its own.
struct Program {
    folder: PathBuf,
    file: PathBuf,
}

impl Program {
    fn on_the_page() -> Self {
        let folder = std::env::temp_dir().join(format!("client-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&folder).expect("a folder");
        let python: Vec<_> =
            blocks(&read("docs/CLIENT.md")).into_iter().filter(|block| block.kind == "python").collect();
        let [program] = &python[..] else { panic!("one program is on the page") };
        let file = folder.join("client.py");
        fs::write(&file, &program.text).expect("a program");
        Self { folder, file }
    }

    fn starts(&self, house: &House, family: &Family) -> Child {
        Command::new("python3")
            .arg(&self.file)
            .args([house.url(), &family.phone.token, &family.teen.id.to_string()])
            .arg(&self.folder)
            .env("PYTHONPATH", root().join("conformance/oracle"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("python3 is there")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The hundred lines on the page are a device: they apply a change, are killed, come back with what they held, and stop when
/// they are revoked.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_on_the_page_is_a_device() {
    let house = House::new().await;
    let family = house.family().await;
    let teen = family.teen.id;
    let program = Program::on_the_page();
    let enforced = async |revision: i64| {
        let devices = family.guardian.devices(teen).await;
        devices[0]["state"] == "enforced" && devices[0]["revision"] == revision
    };
    let mut client = program.starts(&house, &family);
    until(Duration::from_secs(20), "the first policy", async || enforced(1).await).await;
    family.guardian.sets(teen, json!({"time.daily_minutes": 45})).await;
    until(Duration::from_secs(10), "the change", async || enforced(2).await).await;

    client.kill().await.expect("it can be killed");
    family.guardian.sets(teen, json!({"time.daily_minutes": 50})).await;
    let mut client = program.starts(&house, &family);
    until(Duration::from_secs(20), "what changed meanwhile", async || enforced(3).await).await;
    let kept = fs::read_to_string(program.folder.join("policy.json")).expect("a policy on disk");
    assert!(kept.contains(r#""revision": 3"#), "{kept}");

    let path = format!("/v1/teen/devices/{}", family.phone.id);
    family.teen.api.delete(&path).await.expect("revoked");
    let ended =
        tokio::time::timeout(Duration::from_secs(10), client.wait()).await.expect("it stops").expect("a status");
    assert_eq!(ended.code(), Some(1), "4004 means stop");
}
