//! The OpenAPI 3.1 document, made from the handlers, and a page to read it, offline.

use actix_web::{HttpResponse, get, web::Data};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Components, Ref, RefOr, Response, ResponseBuilder, Schema,
        content::ContentBuilder,
        schema::ArrayItems,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_swagger_ui::SwaggerUi;

use super::{accounts, conformance, controls, guardian, keys, live, ops, platform, presets, sessions, teen};

/// What an error looks like on the wire.
#[derive(utoipa::ToSchema, serde::Serialize)]
#[schema(example = json!({"type": "urn:family-pairing:problem:not_found", "title": "There is no such thing here", "status": 404,
    "code": "not_found", "detail": "Check the address.", "request_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e"}))]
pub struct ProblemDetails {
    /// A URN that ends in the code.
    r#type: String,
    /// One line for people.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Stable, for programs.
    code: crate::problem::Code,
    /// What to do.
    detail: String,
    /// Under which the logs know the request.
    request_id: Option<String>,
}

/// The document. A test compares its operations with the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Family Pairing",
        description = "Families pair accounts: a guardian sets limits, every device of the teen applies them and says so.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/")),
    tags(
        (name = "accounts", description = "Sign-up, sessions and one's own account"),
        (name = "controls", description = "What can be limited"),
        (name = "teen", description = "What the teen app does"),
        (name = "guardian", description = "What the guardian app does"),
        (name = "platform", description = "What the platform's own servers ask and report"),
        (name = "sync", description = "The way to the realtime side"),
        (name = "operations", description = "For whoever runs it"),
    ),
    components(schemas(ProblemDetails)),
    security(("token" = [])),
    modifiers(&Common),
    paths(
        accounts::sign_up, accounts::read_account, accounts::change_account, accounts::change_password,
        sessions::sign_in, sessions::renew, sessions::sign_out,
        keys::read_keys, controls::read_controls, presets::read_presets, live::sync_ticket, live::open_sync,
        teen::devices::teen_register_device, teen::devices::teen_devices, teen::devices::teen_revoke_device,
        teen::pairings::teen_offer_pairing, teen::pairings::teen_cancel_offer, teen::pairings::teen_pairings,
        teen::pairings::teen_use_invitation, teen::pairings::teen_confirm_pairing, teen::pairings::teen_refuse_pairing, teen::pairings::teen_unlink,
        teen::supervision::teen_supervision, teen::settings::teen_settings, teen::settings::teen_change_settings,
        teen::policy::teen_policy_explained, teen::simulation::teen_simulate, teen::policy::teen_grants, teen::policy::teen_give_grant_back, teen::policy::teen_history,
        teen::policy::teen_reply,
        teen::age::teen_age, teen::age::teen_transitions, teen::age::teen_appeal_age, teen::age::teen_age_appeals,
        teen::age::teen_withdraw_age_appeal,
        teen::usage::teen_usage, teen::usage::teen_own_usage, live::teen_policy,
        guardian::invitations::guardian_invite, guardian::invitations::guardian_cancel_invitation,
        guardian::pairings::guardian_claim_pairing, guardian::pairings::guardian_pairings, guardian::pairings::guardian_unlink,
        guardian::teens::guardian_teens, guardian::teens::guardian_teen, guardian::teens::guardian_change_teen,
        guardian::settings::guardian_settings, guardian::settings::guardian_change_settings, guardian::policy::guardian_policy,
        guardian::simulation::guardian_simulate, guardian::presets::guardian_presets,
        guardian::offline_codes::guardian_make_code, guardian::offline_codes::guardian_codes, teen::offline_codes::teen_codes,
        teen::offline_codes::teen_codes_typed, guardian::devices::guardian_silences, teen::devices::teen_silences, guardian::requests::guardian_requests, guardian::requests::guardian_answer, teen::requests::teen_ask,
        teen::requests::teen_requests, teen::requests::teen_cancel_request, guardian::usage::guardian_usage, guardian::time::guardian_give_time, guardian::time::guardian_time_grants,
        guardian::time::guardian_take_time_back, guardian::time::guardian_pause, guardian::time::guardian_resume,
        teen::policy::teen_time_grants, guardian::grants::guardian_grant, guardian::grants::guardian_hold, guardian::grants::guardian_grants,
        guardian::grants::guardian_revoke_grant,
        guardian::devices::guardian_devices, guardian::history::guardian_history, guardian::history::guardian_undo,
        guardian::age::guardian_age, guardian::age::guardian_transitions, guardian::age::guardian_attest_age,
        guardian::age::guardian_appeal_age, guardian::age::guardian_age_appeals, guardian::age::guardian_withdraw_age_appeal,
        platform::key::platform_key, platform::assurances::platform_assure, platform::decisions::platform_decisions,
        platform::ages::platform_age_signal,
        conformance::read_conformance, ops::healthz, ops::readyz, ops::read_metrics,
    )
)]
pub struct ApiDoc;

/// What every operation has in common: the token, and the shape of its errors.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut openapi::OpenApi) {
        document.info.version = env!("CARGO_PKG_VERSION").to_owned();
        let components = document.components.get_or_insert_with(Components::new);
        let token =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A session, device or platform token"));
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
        refer_to_entries(components);
        components.responses.insert("Problem".to_owned(), RefOr::T(problem_response()));
        for item in document.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                let problem = Ref::from_response_name("Problem");
                for status in ["4XX", "5XX"] {
                    operation.responses.responses.insert(status.to_owned(), problem.clone().into());
                }
            }
        }
    }
}

/// Pages name the schema of their entries instead of repeating it.
fn refer_to_entries(components: &mut Components) {
    let known: Vec<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        if let Some(entry) = name.strip_prefix("Page_").filter(|entry| known.iter().any(|name| name == entry))
            && let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(entry).into()));
        }
    }
}

fn problem_response() -> Response {
    let schema = Ref::from_schema_name("ProblemDetails");
    ResponseBuilder::new()
        .description("A problem, as RFC 9457 has it")
        .content("application/problem+json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

/// The document as served.
#[derive(Clone)]
pub struct Document {
    /// JSON.
    pub json: String,
    /// Every path with its methods.
    methods: Vec<(String, String)>,
}

impl Document {
    /// Makes the document.
    pub fn new() -> Result<Self, serde_json::Error> {
        let document = ApiDoc::openapi();
        let json = document.to_pretty_json()?;
        let methods = document.paths.paths.into_iter().map(|(path, item)| (path, methods_of(&item))).collect();
        Ok(Self { json, methods })
    }

    /// The methods that a path has, as `Allow` lists them; nothing where there is no such path.
    pub fn methods(&self, path: &str) -> Option<&str> {
        let fits = |template: &str| {
            let mut asked = path.split('/');
            let fit = template
                .split('/')
                .all(|part| asked.next().is_some_and(|asked| part == asked || part.starts_with('{')));
            fit && asked.next().is_none()
        };
        self.methods.iter().find(|(template, _)| fits(template)).map(|(_, methods)| methods.as_str())
    }
}

fn methods_of(item: &openapi::PathItem) -> String {
    let all = [("GET", &item.get), ("POST", &item.post), ("PATCH", &item.patch), ("DELETE", &item.delete)];
    let served: Vec<&str> =
        all.into_iter().filter(|(_, operation)| operation.is_some()).map(|(name, _)| name).collect();
    served.join(", ")
}

/// The document itself.
#[get("/openapi.json")]
pub async fn openapi_document(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.json.clone())
}

/// Swagger UI, vendored: works without the internet.
pub fn docs() -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/openapi.json"))
}
