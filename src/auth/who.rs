//! The extractors. Each proves who asks from rows and hands out the store with the proof.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use futures_util::future::LocalBoxFuture;

use super::{Gate, throttle::Limit};
use crate::{
    domain::{
        ids::TeenId,
        platform::{Age, Assure, Decide, Scoped},
        secret::{Token, TokenHash, TokenKind},
    },
    problem::{Code, Problem},
    store::{
        Store,
        guardian_work::Changing,
        key_ring::{KeyFor, PlatformKey},
        kinship::{DeviceOf, GuardianOf, GuardianSelf, SignedIn, TeenSelf},
        policies::Reading,
    },
};

/// A proof and the door that it opens.
pub struct Proven<P> {
    /// What was proved.
    pub proof: P,
    /// The guards and the store behind them.
    pub gate: Data<Gate>,
    /// Where the request comes from.
    pub from: IpAddr,
}

impl<P> Proven<P> {
    /// The store.
    pub fn store(&self) -> &Store {
        &self.gate.store
    }
}

/// Nobody in particular.
pub struct Nobody;
/// Anyone may ask: sign-up, sign-in, renewal, public keys.
pub type Anyone = Proven<Nobody>;
/// Somebody signed in, of whatever role.
pub type Account = Proven<SignedIn>;
/// A guardian, about themself.
pub type Guardian = Proven<GuardianSelf>;
/// A guardian of the teen in the path. Everybody else gets 404.
pub type GuardianOfTeen = Proven<GuardianOf>;
/// A guardian of the teen in the path who wants to change something.
pub type GuardianWhoChanges = Proven<Changing>;
/// A teen, by session or by device.
pub type Teen = Proven<TeenSelf>;
/// A teen who asks for the newest policy.
pub type TeenWhoReads = Proven<Reader>;
/// A teen by their own session: for what a device alone may not do.
pub type TeenSession = Proven<(SignedIn, TeenSelf)>;
/// A device of a teen.
pub type TeenDevice = Proven<DeviceOf>;
/// One of the platform's own servers, whatever its key is for.
pub type Platform = Proven<PlatformKey>;
/// One that may ask what an actor may do.
pub type PlatformDecides = Proven<KeyFor<Decide>>;
/// One that may report age signals of teens.
pub type PlatformAges = Proven<KeyFor<Age>>;
/// One that may say that a guardian's consent was verified.
pub type PlatformAssures = Proven<KeyFor<Assure>>;

/// Whoever may have a socket.
#[derive(Clone)]
pub enum Party {
    /// A device of a teen.
    Device(DeviceOf),
    /// A guardian's session.
    Guardian(GuardianSelf, SignedIn),
}
/// Whoever may have a socket or a ticket for one.
pub type SyncParty = Proven<Party>;

/// Who asks for a teen's newest policy.
pub struct Reader {
    /// The teen, by session or by device.
    pub who: TeenSelf,
    /// With a device's token the policy was read in the same question.
    pub read: Option<Reading>,
}

/// How one kind of proof is made.
pub trait Prove: Sized + 'static {
    /// Makes the proof, or says why there is none.
    fn prove(gate: &Gate, request: &HttpRequest) -> impl Future<Output = Result<Self, Problem>>;
}

impl<P: Prove> FromRequest for Proven<P> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let gate = request.app_data::<Data<Gate>>().cloned().ok_or(Code::Internal)?;
            let from = gate.client(&request);
            let proof = P::prove(&gate, &request).await?;
            Ok(Self { proof, gate, from })
        })
    }
}

impl Prove for Nobody {
    async fn prove(_: &Gate, _: &HttpRequest) -> Result<Self, Problem> {
        Ok(Self)
    }
}

impl Prove for SignedIn {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let token = bearer(request, TokenKind::Session)?;
        gate.store.signed_in(token.hash()).await?.ok_or(Code::NotSignedIn.into())
    }
}

impl Prove for GuardianSelf {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let who = SignedIn::prove(gate, request).await?;
        who.guardian().ok_or(Code::WrongRole.into())
    }
}

impl Prove for GuardianOf {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let (token, teen) = about_a_teen(request)?;
        kin(gate.guardians.guardian_of(token, teen).await?)
    }
}

impl Prove for Changing {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let (token, teen) = about_a_teen(request)?;
        kin(gate.guardians.changing(token, teen).await?)
    }
}

/// The session's token, and the teen in the path.
fn about_a_teen(request: &HttpRequest) -> Result<(TokenHash, TeenId), Problem> {
    let token = bearer(request, TokenKind::Session)?;
    let teen = request.match_info().query("teen_id").parse().map_err(|_| Code::NotFound)?;
    Ok((token.hash(), teen))
}

fn kin<P>(found: Option<(SignedIn, Option<P>)>) -> Result<P, Problem> {
    let (who, proof) = found.ok_or(Code::NotSignedIn)?;
    match who.guardian() {
        None => Err(Code::WrongRole.into()),
        Some(_) => proof.ok_or(Code::NotFound.into()),
    }
}

impl Prove for TeenSelf {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        match any_bearer(request)?.kind() {
            TokenKind::Device => DeviceOf::prove(gate, request).await.map(|device| Self::from(&device)),
            _ => SignedIn::prove(gate, request).await?.teen().ok_or(Code::WrongRole.into()),
        }
    }
}

impl Prove for Reader {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let token = any_bearer(request)?;
        if token.kind() != TokenKind::Device {
            return TeenSelf::prove(gate, request).await.map(|who| Self { who, read: None });
        }
        let read = gate.devices.reading_of(token.hash()).await?.ok_or(Code::NotSignedIn)?;
        Ok(Self { who: (&read.device).into(), read: Some(read) })
    }
}

impl Prove for (SignedIn, TeenSelf) {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let who = SignedIn::prove(gate, request).await?;
        let teen = who.teen().ok_or(Code::WrongRole)?;
        Ok((who, teen))
    }
}

impl Prove for DeviceOf {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let token = bearer(request, TokenKind::Device)?;
        gate.devices.device_of(token.hash()).await?.ok_or(Code::NotSignedIn.into())
    }
}

impl Prove for Party {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        match any_bearer(request)?.kind() {
            TokenKind::Device => DeviceOf::prove(gate, request).await.map(Self::Device),
            _ => {
                let who = SignedIn::prove(gate, request).await?;
                let guardian = who.guardian().ok_or(Code::WrongRole)?;
                Ok(Self::Guardian(guardian, who))
            }
        }
    }
}

/// Counted here and not by the handlers: a platform's servers ask in loops, and each of their endpoints needs the same limit.
impl Prove for PlatformKey {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let token = bearer(request, TokenKind::Platform)?;
        let key = gate.keys.key_of(token.hash()).await?.ok_or(Code::NotSignedIn)?;
        gate.throttle.count(Limit::Platform, &key.key().to_string()).await?;
        Ok(key)
    }
}

impl<S: Scoped> Prove for KeyFor<S> {
    async fn prove(gate: &Gate, request: &HttpRequest) -> Result<Self, Problem> {
        let key = PlatformKey::prove(gate, request).await?;
        Self::of(key).ok_or_else(|| Problem::new(Code::ScopeMissing).with("scope", S::SCOPE))
    }
}

/// The token of the request, which must be of this kind. A sound token of another kind is refused without a look-up.
fn bearer(request: &HttpRequest, kind: TokenKind) -> Result<Token, Problem> {
    let token = any_bearer(request)?;
    match token.kind() == kind {
        true => Ok(token),
        false => Err(Code::WrongRole.into()),
    }
}

/// The one token of the request.
pub(crate) fn any_bearer(request: &HttpRequest) -> Result<Token, Problem> {
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(Code::NotSignedIn.into());
    };
    let token = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).and_then(Token::parse);
    match token {
        Some(token) if opens_something(token.kind()) => Ok(token),
        _ => Err(Code::NotSignedIn.into()),
    }
}

/// Whether tokens of this kind are shown with requests. Of the others nobody is told what they are.
const fn opens_something(kind: TokenKind) -> bool {
    match kind {
        TokenKind::Session | TokenKind::Device | TokenKind::Platform => true,
        TokenKind::Refresh | TokenKind::Ticket | TokenKind::Operator | TokenKind::Invitation => false,
    }
}
