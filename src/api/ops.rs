//! For operators: alive, ready, measured; and the answer to every path that is not there.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Data};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use utoipa::ToSchema;

use super::{openapi::Document, shape::ok};
use crate::{
    auth::{shared::Shared, who::Anyone},
    problem::{Code, Problem},
};

/// What `/metrics` and `/readyz` look at.
pub struct Scrape {
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Redis, if there should be one.
    pub redis: Option<Arc<Shared>>,
    /// Set when the node is being drained.
    pub draining: tokio_util::sync::CancellationToken,
}

/// Whether this process is alive.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "alive"}))]
pub struct Health {
    /// Always `alive`.
    status: &'static str,
}

/// Is the process alive?
///
/// Says only that the event loop turns; a database that is down is no reason to restart this.
#[utoipa::path(tag = "operations", security(()), responses((status = 200, description = "Alive", body = Health)))]
#[get("/healthz")]
pub async fn healthz(_anyone: Anyone) -> HttpResponse {
    ok(Health { status: "alive" })
}

/// Whether this node should get traffic.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ready", "postgres": "up", "redis": "up"}))]
pub struct Readiness {
    /// `ready`, or `degraded` without Redis: slower, never wrong.
    status: &'static str,
    /// `up`.
    postgres: &'static str,
    /// `up`, `down`, or `none` where there should be none.
    redis: &'static str,
}

/// Should this node get traffic?
#[utoipa::path(tag = "operations", security(()), responses((status = 200, description = "Ready, perhaps degraded", body = Readiness)))]
#[get("/readyz")]
pub async fn readyz(anyone: Anyone, scrape: Data<Scrape>) -> Result<HttpResponse, Problem> {
    if scrape.draining.is_cancelled() {
        return Err(Problem::new(Code::Unavailable).with("draining", true));
    }
    anyone.store().ping().await?;
    let redis = match &scrape.redis {
        None => "none",
        Some(redis) => {
            match redis.ask(async |mut redis| redis::cmd("PING").query_async::<String>(&mut redis).await).await {
                Some(_) => "up",
                None => "down",
            }
        }
    };
    let status = if redis == "down" { "degraded" } else { "ready" };
    Ok(ok(Readiness { status, postgres: "up", redis }))
}

/// Read the metrics
#[utoipa::path(tag = "operations", security(()), responses((status = 200, description = "Prometheus text", content_type = "text/plain", body = String,
    example = json!("# TYPE family_pairing_sockets gauge\nfamily_pairing_sockets{kind=\"device\"} 2\n"))))]
#[get("/metrics")]
pub async fn read_metrics(anyone: Anyone, scrape: Data<Scrape>) -> HttpResponse {
    let (open, idle, waiting) = anyone.store().pool().status();
    for (state, count) in [("open", open), ("idle", idle), ("waiting", waiting)] {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!("family_pairing_database_connections", "state" => state).set(count);
    }
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4")).body(scrape.metrics.render())
}

/// The answer to every path that is not there, and to every method that a path does not have.
pub async fn nothing_here(request: HttpRequest, document: Data<Document>) -> Result<HttpResponse, Problem> {
    Err(document.methods(request.path()).map_or(Code::NotFound.into(), Problem::method_not_allowed))
}
