//! Codes that a guardian has read out: typed in here, told to the server when it is reached.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Device, What};
use crate::client::bodies::{ToldCodes, TypedCodes};
use crate::domain::device::code::{CodeKey, Redeemed};

impl Device {
    /// Somebody types in a code that a guardian has read out. What it gives is on disk when this comes back.
    pub async fn type_in(&mut self, code: &str) {
        let key = self.identity.code_key.as_ref().and_then(|text| STANDARD.decode(text).ok());
        let Some(key) = key.and_then(|key| <[u8; 32]>::try_from(key).ok()).map(CodeKey::from_bytes) else {
            let words = "This device was registered before there were codes. Register it again to use one.".to_owned();
            return self.voice.tell(What::Trouble { words });
        };
        let reading = self.clock();
        match self.usage.redeem(&key, code, &reading) {
            Ok(Redeemed { minutes, .. }) => {
                self.keep_usage().await;
                self.voice.tell(What::CodeTaken { minutes });
            }
            Err(bad) => self.voice.tell(What::Trouble { words: format!("The code was not taken: {bad}.") }),
        }
    }

    /// Tells the server which codes were typed in, if it does not know yet.
    pub async fn tell_codes(&mut self) {
        let codes = self.usage.codes();
        if codes.is_empty() {
            return;
        }
        let told: Result<ToldCodes, _> = self.api.post("/v1/teen/offline-codes", &TypedCodes { codes }).await;
        match told {
            Ok(ToldCodes { told }) => {
                self.usage.codes_told(&told);
                self.keep_usage().await;
            }
            // It is told with the next connection.
            Err(error) => self.voice.tell(What::Trouble { words: error.to_string() }),
        }
    }
}
