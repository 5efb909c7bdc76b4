//! A fresh pairing code in the forms in which it is shown, whichever side shows it.

use jiff::Timestamp;
use qrcode::{QrCode, render::svg};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::gate::Gate,
    problem::{Code, Problem},
};

/// A fresh code in its three forms.
#[derive(Serialize, ToSchema)]
pub struct ShownCode {
    /// To type: any case, dashes do not matter.
    code: String,
    /// To send or scan; the secret is in the fragment, which no server log sees.
    link: String,
    /// The link as a picture.
    qr_svg: String,
    /// Works until then, once.
    expires_at: Timestamp,
}

impl ShownCode {
    /// `page`: where the link leads.
    pub fn new(gate: &Gate, page: &str, code: String, linked: &str, expires_at: Timestamp) -> Result<Self, Problem> {
        let link = format!("{}/{page}#{linked}", gate.public_url);
        let picture = QrCode::new(&link).map_err(|error| {
            tracing::error!(%error, "the pairing link does not fit into a QR code");
            Problem::from(Code::Internal)
        })?;
        let qr_svg = picture.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
        Ok(Self { code, link, qr_svg, expires_at })
    }
}
