//! What operators do: commands of the real program on this house's database, and the keys that they make.

use std::process::{Command, Output};

use family_pairing::domain::platform::Scope;

use super::{House, process::PROGRAM};

/// A platform key with its token.
#[derive(Clone, Debug)]
pub struct TestKey {
    pub id: String,
    pub token: String,
}

impl House {
    /// A command of the program on this house's database.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let line = self.command_line(&[]);
        let place =
            line.chunks(2).filter(|pair| matches!(pair[0].as_str(), "--database-url" | "--secret-file")).flatten();
        let mut command = Command::new(PROGRAM);
        command.args(arguments).args(place).env_clear();
        command
    }

    /// Runs `family-pairing admin …` with more in its environment.
    pub fn admin_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let environment = environment.iter().copied();
        self.command(&[&["admin"], arguments].concat()).envs(environment).output().expect("it runs")
    }

    /// Runs `family-pairing admin …`, which must go well; what comes back is its standard output.
    pub fn admin(&self, arguments: &[&str]) -> String {
        self.admin_as(arguments, &[])
    }

    /// The same with more in its environment.
    pub fn admin_as(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let done = self.admin_with(arguments, environment);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        text(&done.stdout)
    }

    /// Makes an operator who is in office; what comes back is the token. The first signs for all others.
    pub fn operator(&self, name: &str) -> String {
        let Some(first) = self.first_operator.get() else {
            let token = self.admin(&["create-operator", "--name", name]).trim().to_owned();
            return self.first_operator.get_or_init(|| token).clone();
        };
        let invitation = self.invitation(name, first);
        self.admin_as(&["take-office"], &[("FAMILY_PAIRING_INVITATION", &invitation)]).trim().to_owned()
    }

    /// Makes an operator who has not taken office; what comes back is the invitation.
    pub fn invitation(&self, name: &str, signed: &str) -> String {
        let sign = [("FAMILY_PAIRING_OPERATOR_TOKEN", signed)];
        self.admin_as(&["create-operator", "--name", name], &sign).trim().to_owned()
    }

    /// Makes a platform key as an operator makes one.
    pub fn platform_key(&self, scopes: &[Scope]) -> TestKey {
        let mut arguments = vec!["create-platform-key", "--name", "chat-servers"];
        arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope.as_str()]));
        let token = self.admin(&arguments).trim().to_owned();
        let listed = self.admin(&["platform-keys"]);
        let id = listed.lines().last().and_then(|line| line.split('\t').next()).expect("a key").to_owned();
        TestKey { id, token }
    }

    /// Revokes a platform key.
    pub fn revokes_key(&self, key: &TestKey) {
        self.admin(&["revoke-platform-key", "--id", &key.id]);
    }
}

/// What a command printed.
pub fn text(printed: &[u8]) -> String {
    String::from_utf8(printed.to_vec()).expect("text")
}
