//! What a program keeps on disk: whole files, replaced in one step, readable by their owner only.
//!
//! A device reports a policy as applied only after [`Keep::put`] came back: then it survives the loss of power.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::domain::{
    device::Kept,
    ids::{DeviceId, TeenId},
    snapshot::SignedSnapshot,
};

const DEVICE: &str = "device.json";
const POLICY: &str = "policy.json";
const CONTACT: &str = "contact.json";
const USAGE: &str = "usage.json";

/// A file could not be read or written.
#[derive(Debug, Error)]
#[error("{path} could not be {verb}: {error}", path = .path.display())]
pub struct KeepError {
    path: PathBuf,
    verb: &'static str,
    error: io::Error,
}

/// Who a device is: what it needs to come back after a restart.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    /// The server.
    pub base_url: String,
    /// Whose device.
    pub teen_id: TeenId,
    /// Which device.
    pub device_id: DeviceId,
    /// What it is called.
    pub name: String,
    /// Which installation.
    pub install_id: String,
    /// Opens the teen's API and the socket.
    pub device_token: String,
    /// Checks codes that a guardian reads out, in base64; none in a directory of an earlier version.
    #[serde(default)]
    pub code_key: Option<String>,
}

/// A directory of small JSON files.
#[derive(Clone, Debug)]
pub struct Keep {
    dir: PathBuf,
}

impl Keep {
    /// A directory; it is made at the first write.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The device that lives here, if one was registered.
    pub fn identity(&self) -> Result<Option<Identity>, KeepError> {
        self.get(DEVICE)
    }

    /// A device moves in. The policy of whoever lived here before goes.
    pub fn move_in(&self, identity: &Identity) -> Result<(), KeepError> {
        self.remove(POLICY)?;
        self.remove(CONTACT)?;
        self.remove(USAGE)?;
        self.put(DEVICE, identity)
    }

    /// The policy that was last applied.
    pub fn policy(&self) -> Result<Option<SignedSnapshot>, KeepError> {
        self.get(POLICY)
    }

    /// Makes a policy the one that survives a restart.
    pub fn keep_policy(&self, policy: &SignedSnapshot) -> Result<(), KeepError> {
        self.put(POLICY, policy)
    }

    /// When the server was last heard, as far as it was written down.
    pub fn contact(&self) -> Result<Option<Timestamp>, KeepError> {
        self.get(CONTACT)
    }

    /// Writes down when the server was heard.
    pub fn keep_contact(&self, heard_at: Timestamp) -> Result<(), KeepError> {
        self.put(CONTACT, &heard_at)
    }

    /// What was used here, and what is known of time and leases.
    pub fn usage(&self) -> Result<Option<Kept>, KeepError> {
        self.get(USAGE)
    }

    /// Writes that down.
    pub fn keep_usage(&self, kept: &Kept) -> Result<(), KeepError> {
        self.put(USAGE, kept)
    }

    /// Reads a file; none if there is none.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, KeepError> {
        let path = self.dir.join(name);
        let told = |error| KeepError { path: path.clone(), verb: "read", error };
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| told(error.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(told(error)),
        }
    }

    /// Replaces a file: after this, and after any crash, there is the whole new one or the whole old one.
    pub fn put(&self, name: &str, value: &impl Serialize) -> Result<(), KeepError> {
        let path = self.dir.join(name);
        self.replace(&path, value).map_err(|error| KeepError { path, verb: "written", error })
    }

    /// Removes a file, if there is one.
    pub fn remove(&self, name: &str) -> Result<(), KeepError> {
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(KeepError { path, verb: "removed", error }),
            _ => Ok(()),
        }
    }

    fn replace(&self, path: &Path, value: &impl Serialize) -> io::Result<()> {
        let bytes = serde_json::to_vec(value)?;
        make_private_dir(&self.dir)?;
        let draft = path.with_extension("draft");
        // A draft that a crash left may have other permissions or be a link.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = create_private(&draft)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        // The new name is durable only once its directory is.
        File::open(&self.dir)?.sync_all()
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::client::server_double::{scratch, signed};

    #[test]
    fn what_is_kept_comes_back_and_nothing_else_lies_around() {
        let keep = Keep::at(scratch());
        assert!(keep.identity().unwrap().is_none() && keep.policy().unwrap().is_none());
        for revision in 1..4 {
            keep.keep_policy(&signed(revision, 60)).unwrap();
        }
        assert_eq!(keep.policy().unwrap().unwrap(), signed(3, 60));
        let names: Vec<_> = fs::read_dir(keep.dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [POLICY]);
        keep.remove(POLICY).unwrap();
        keep.remove(POLICY).unwrap();
        fs::remove_dir(keep.dir()).unwrap();
    }

    /// Edge case 41: a device that changes hands takes nothing of the one before along.
    #[test]
    fn whoever_moves_in_finds_nothing_of_whoever_lived_there() {
        let keep = Keep::at(scratch());
        keep.keep_policy(&signed(1, 60)).unwrap();
        keep.keep_contact(Timestamp::UNIX_EPOCH).unwrap();
        keep.keep_usage(&Kept::default()).unwrap();
        let identity = Identity {
            base_url: "http://localhost".to_owned(),
            teen_id: Uuid::from_u128(1).into(),
            device_id: Uuid::from_u128(2).into(),
            name: "phone".to_owned(),
            install_id: "i".to_owned(),
            device_token: "fpd_test".to_owned(),
            code_key: None,
        };
        keep.move_in(&identity).unwrap();
        assert!(
            keep.policy().unwrap().is_none() && keep.contact().unwrap().is_none() && keep.usage().unwrap().is_none()
        );
        fs::remove_dir_all(keep.dir()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_crash_between_draft_and_name_leaves_the_old_one_and_only_the_owner_reads() {
        use std::os::unix::fs::PermissionsExt;
        let keep = Keep::at(scratch());
        keep.keep_policy(&signed(1, 60)).unwrap();
        fs::write(keep.dir().join("policy.draft"), b"{\"half\":").unwrap();
        assert_eq!(keep.policy().unwrap().unwrap().revision, 1);
        keep.keep_policy(&signed(2, 45)).unwrap();
        assert_eq!(keep.policy().unwrap().unwrap().revision, 2);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&keep.dir().join(POLICY)), mode(keep.dir())), (0o600, 0o700));
        fs::remove_dir_all(keep.dir()).unwrap();
    }

    #[test]
    fn a_broken_file_is_told_and_not_taken_for_none() {
        let keep = Keep::at(scratch());
        keep.keep_policy(&signed(1, 60)).unwrap();
        fs::write(keep.dir().join(POLICY), b"{").unwrap();
        assert!(keep.policy().unwrap_err().to_string().contains("could not be read"));
        fs::remove_dir_all(keep.dir()).unwrap();
    }
}
