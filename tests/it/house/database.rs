//! A database per test, copied from a template that holds the migrated tables: some 25 ms instead of a migration each.

use family_pairing::{domain::snapshot::sha256_hex, store::migrate};
use secrecy::SecretString;
use tokio_postgres::{Client, NoTls, types::ToSql};

/// A test's own database. Dropped with it.
pub struct Database {
    pub name: String,
    pub url: String,
    admin: String,
}

impl Database {
    /// A migrated, empty database on this server.
    pub async fn fresh(admin: &str) -> Self {
        let template = template(admin).await;
        let name = format!("fp_{}", uuid::Uuid::now_v7().simple());
        connect(admin)
            .await
            .batch_execute(&format!("create database {name} template {template}"))
            .await
            .expect("a copy");
        Self { url: with_database(admin, &name), name, admin: admin.to_owned() }
    }

    /// A database without any tables.
    pub async fn bare(admin: &str) -> Self {
        let name = format!("fp_{}", uuid::Uuid::now_v7().simple());
        connect(admin).await.batch_execute(&format!("create database {name}")).await.expect("a database");
        Self { url: with_database(admin, &name), name, admin: admin.to_owned() }
    }

    /// A connection to look with.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }

    /// A connection to the server, for what concerns whole databases.
    pub async fn admin(&self) -> Client {
        connect(&self.admin).await
    }

    /// One number.
    pub async fn count(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> i64 {
        self.client().await.query_one(sql, parameters).await.expect(sql).get(0)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        let drop = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                // A server that the test stopped takes its databases along.
                if let Some(client) = try_connect(&admin).await {
                    let _ = client.batch_execute(&format!("drop database if exists {name} with (force)")).await;
                }
            });
        };
        let _ = std::thread::spawn(drop).join();
    }
}

/// The template's name; made by whichever test comes first.
async fn template(admin: &str) -> String {
    let fingerprint = migrate::fingerprint().expect("migrations");
    let sql = include_str!("../../../migrations/2026-11-22-000001_foundation/up.sql");
    let name = format!("fp_template_{}", &sha256_hex(format!("{fingerprint}{sql}").as_bytes())[..16]);
    let client = connect(admin).await;
    client.execute("select pg_advisory_lock(4711)", &[]).await.expect("a lock");
    let known = client.query_opt("select 1 from pg_database where datname = $1", &[&name]).await.expect("a look");
    if known.is_none() {
        let draft = format!("{name}_draft");
        client.batch_execute(&format!("drop database if exists {draft}")).await.expect("no draft");
        client.batch_execute(&format!("create database {draft}")).await.expect("a draft");
        migrate::up(&SecretString::from(with_database(admin, &draft))).await.expect("the migrations run");
        client.batch_execute(&format!("alter database {draft} rename to {name}")).await.expect("a template");
    }
    client.execute("select pg_advisory_unlock(4711)", &[]).await.expect("unlocked");
    name
}

fn with_database(admin: &str, name: &str) -> String {
    let (server, _) = admin.rsplit_once('/').expect("a database in the URL");
    format!("{server}/{name}")
}

/// A connection, driven in the background.
pub async fn connect(url: &str) -> Client {
    try_connect(url).await.expect("a connection")
}

async fn try_connect(url: &str) -> Option<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.ok()?;
    tokio::spawn(connection);
    Some(client)
}
