//! Accounts: made, found by e-mail without storing it readable, shown to their owner.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Store, StoreError, Tools, ages,
    audit::{self, Deed},
    kinship::SignedIn,
    once::{self, Once},
    policies,
    schema::{accounts, teens},
    sessions::{self, Tokens},
};
use crate::domain::{
    account::{Role, band_at},
    age::AgeBand,
    ids::AccountId,
    policy::Facts,
    text::Email,
    vault::{Place, Purpose, Vault},
};

/// What a new account is made of, all of it checked.
#[derive(Clone)]
pub struct NewAccount {
    /// Guardian, teen or agent.
    pub role: Role,
    /// Folded address.
    pub email: Email,
    /// PHC string.
    pub password_hash: String,
    /// 1–40 visible characters.
    pub display_name: String,
    /// Absent for agents only.
    pub birth_date: Option<Date>,
    /// Language tag.
    pub locale: String,
    /// IANA zone.
    pub time_zone: String,
    /// ISO 3166.
    pub region: String,
}

/// An account as its owner sees it. The birth date is never returned, only what follows from it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"account_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "role": "guardian", "email": "dana@example.com",
    "display_name": "Dana", "age_band": "adult", "locale": "en", "time_zone": "Europe/Berlin", "region": "DE",
    "created_at": "2026-11-22T13:40:00Z"}))]
pub struct Profile {
    /// Names the account.
    pub account_id: AccountId,
    /// What it may be.
    pub role: Role,
    /// The address that it signs in with.
    pub email: String,
    /// What others see.
    pub display_name: String,
    /// From the birth date and the calendar of the account's own zone; absent for agents.
    pub age_band: Option<AgeBand>,
    /// Language of texts for this person.
    pub locale: String,
    /// The zone that the account's times are shown in.
    pub time_zone: String,
    /// Where the person lives, as they said.
    pub region: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A fresh account or session: who it is and the tokens, shown once.
#[derive(Clone, Serialize, Deserialize)]
pub struct Welcome {
    /// The account.
    pub account: Profile,
    /// Its tokens.
    pub tokens: Tokens,
}

/// What login needs to know of an account.
#[derive(Clone)]
pub struct Credentials {
    /// Whose.
    pub account: AccountId,
    /// PHC string.
    pub password_hash: String,
}

#[derive(Queryable)]
pub(crate) struct AccountRow {
    pub(crate) id: Uuid,
    role: String,
    _email_index: Vec<u8>,
    email_sealed: Vec<u8>,
    _password_hash: String,
    pub(crate) display_name: String,
    birth_date_sealed: Option<Vec<u8>>,
    locale: String,
    pub(crate) time_zone: String,
    region: String,
    pub(crate) created_at: jiff_diesel::Timestamp,
}

const EMAIL: &str = "accounts.email_sealed";
const BIRTH: &str = "accounts.birth_date_sealed";

impl AccountRow {
    pub(crate) fn profile(self, tools: &Tools) -> Result<Profile, StoreError> {
        let id = AccountId::from(self.id);
        let email = tools.vault.open(Place { column: EMAIL, row: self.id.as_bytes() }, &self.email_sealed)?;
        let birth = birth_date(&tools.vault, id, self.birth_date_sealed.as_deref())?;
        let now = tools.world.now();
        Ok(Profile {
            account_id: id,
            role: Role::from_word(&self.role).ok_or_else(|| StoreError::Corrupt("an unknown role".to_owned()))?,
            email: String::from_utf8_lossy(&email).into_owned(),
            display_name: self.display_name,
            age_band: birth.map(|birth| band_at(birth, &self.time_zone, now)),
            locale: self.locale,
            time_zone: self.time_zone,
            region: self.region,
            created_at: self.created_at.to_jiff(),
        })
    }
}

/// Opens a sealed birth date.
pub(crate) fn birth_date(vault: &Vault, account: AccountId, sealed: Option<&[u8]>) -> Result<Option<Date>, StoreError> {
    let Some(sealed) = sealed else { return Ok(None) };
    let uuid = account.uuid();
    let bytes = vault.open(Place { column: BIRTH, row: uuid.as_bytes() }, sealed)?;
    let date = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
    date.map(Some).ok_or_else(|| StoreError::Corrupt("a birth date".to_owned()))
}

impl Store {
    /// Makes an account, its first session and, for a teen, its first policy: the defaults of the age band.
    pub async fn create_account(&self, new: NewAccount, once: Option<Once>) -> Result<Welcome, StoreError> {
        self.write(move |conn, tools| {
            let (new, once) = (new.clone(), once.clone());
            async move { create(conn, &tools, &new, once.as_ref()).await }.boxed()
        })
        .await
        .map_err(|error| match error.breaks("accounts_email_index_key") {
            true => StoreError::EmailTaken,
            false => error,
        })
    }

    /// The password hash behind an address, if there is such an account.
    pub async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, StoreError> {
        let index = self.vault.mac(Purpose::EmailIndex, email.as_str().as_bytes()).to_vec();
        let mut conn = self.pool.get().await?;
        let row: Option<(Uuid, String)> = accounts::table
            .filter(accounts::email_index.eq(index))
            .select((accounts::id, accounts::password_hash))
            .first(&mut conn)
            .await
            .optional()?;
        Ok(row.map(|(id, password_hash)| Credentials { account: id.into(), password_hash }))
    }

    /// The password hash of somebody signed in, to check before it is changed.
    pub async fn own_credentials(&self, who: &SignedIn) -> Result<Credentials, StoreError> {
        let mut conn = self.pool.get().await?;
        let password_hash =
            accounts::table.find(who.account().uuid()).select(accounts::password_hash).first(&mut conn).await?;
        Ok(Credentials { account: who.account(), password_hash })
    }

    /// An account as its owner sees it.
    pub async fn profile(&self, who: &SignedIn) -> Result<Profile, StoreError> {
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        load(&mut conn, &tools, who.account()).await
    }

    /// Changes what others see and how texts are shown. A teen's limits keep their home zone, which guardians set.
    pub async fn change_profile(&self, who: SignedIn, patch: ProfilePatch) -> Result<Profile, StoreError> {
        self.write(move |conn, tools| {
            let (who, patch) = (who.clone(), patch.clone());
            async move {
                diesel::update(accounts::table.find(who.account().uuid())).set(&patch).execute(conn).await?;
                audit::record(conn, &tools, Deed::new(who.account(), "account.changed")).await?;
                load(conn, &tools, who.account()).await
            }
            .boxed()
        })
        .await
    }
}

/// What an owner may change of their account. Absent fields stay.
#[derive(Clone, Debug, Default, diesel::AsChangeset)]
#[diesel(table_name = accounts)]
pub struct ProfilePatch {
    /// 1–40 visible characters.
    pub display_name: Option<String>,
    /// Language tag.
    pub locale: Option<String>,
    /// IANA zone.
    pub time_zone: Option<String>,
}

impl ProfilePatch {
    /// Nothing to change.
    pub fn is_empty(&self) -> bool {
        self.display_name.is_none() && self.locale.is_none() && self.time_zone.is_none()
    }
}

pub(crate) async fn load(conn: &mut AsyncPgConnection, tools: &Tools, id: AccountId) -> Result<Profile, StoreError> {
    let row: AccountRow = accounts::table.find(id.uuid()).first(conn).await?;
    let profile = row.profile(tools)?;
    if profile.role != Role::Teen {
        return Ok(profile);
    }
    // A teen's band follows from more than the date that they gave.
    let band: Option<String> = teens::table.find(id.uuid()).select(teens::age_band).first(conn).await?;
    let known = band.and_then(|band| band.parse().ok());
    Ok(Profile { age_band: known.or(profile.age_band), ..profile })
}

async fn create(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    new: &NewAccount,
    once: Option<&Once>,
) -> Result<Welcome, StoreError> {
    if let Some(before) = once::claim(conn, tools, once).await? {
        return Ok(before.answer);
    }
    let id: AccountId = tools.world.id();
    let now = tools.world.now();
    insert(conn, tools, id, new, now).await?;
    audit::record(conn, tools, Deed::new(id, "account.created")).await?;
    if let (Role::Teen, Some(birth)) = (new.role, new.birth_date) {
        let zone = TimeZone::get(&new.time_zone).unwrap_or(TimeZone::UTC);
        let joined = now;
        let signals = vec![ages::declared(id, birth, joined, joined)];
        let facts = Facts { signals, region: new.region.clone(), joined, zone };
        policies::begin(conn, tools, id, &facts, &new.time_zone).await?;
        ages::note(conn, tools, id, &facts).await?;
    }
    let tokens = sessions::start(conn, tools, id).await?;
    let welcome = Welcome { account: load(conn, tools, id).await?, tokens };
    once::keep(conn, tools, once, &welcome).await?;
    Ok(welcome)
}

async fn insert(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    id: AccountId,
    new: &NewAccount,
    now: Timestamp,
) -> Result<(), StoreError> {
    let uuid = id.uuid();
    let seal = |column, text: &str| {
        let place = Place { column, row: uuid.as_bytes() };
        tools.vault.seal(place, tools.world.bytes(), text.as_bytes())
    };
    let birth = new.birth_date.map(|date| seal(BIRTH, &date.to_string())).transpose()?;
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(uuid),
            accounts::role.eq(new.role.as_str()),
            accounts::email_index.eq(tools.vault.mac(Purpose::EmailIndex, new.email.as_str().as_bytes()).to_vec()),
            accounts::email_sealed.eq(seal(EMAIL, new.email.as_str())?),
            accounts::password_hash.eq(&new.password_hash),
            accounts::display_name.eq(&new.display_name),
            accounts::birth_date_sealed.eq(birth),
            accounts::locale.eq(&new.locale),
            accounts::time_zone.eq(&new.time_zone),
            accounts::region.eq(&new.region),
            accounts::created_at.eq(now.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
