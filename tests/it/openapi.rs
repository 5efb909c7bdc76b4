//! The document and the server are one: every operation is there, described, and works as its examples say.

use std::collections::BTreeSet;

use family_pairing::{
    api::openapi::ApiDoc,
    domain::{
        platform::Scope,
        supervision::{MAY_SET, NEVER_SEE, Visible, WILL_SEE},
    },
};
use serde_json::{Value as Json, json};
use utoipa::OpenApi;

use crate::house::{House, raw};

/// One operation of the document.
#[derive(Clone)]
pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    pub raw: Json,
}

/// The document as JSON.
pub fn document() -> Json {
    serde_json::to_value(ApiDoc::openapi()).expect("a document")
}

/// Every operation of the document.
pub fn operations() -> Vec<Operation> {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Json)| {
        let path = path.clone();
        let item = item.as_object().expect("methods").clone();
        item.into_iter().map(move |(method, raw)| Operation {
            id: raw["operationId"].as_str().unwrap_or_default().to_owned(),
            method: method.to_uppercase(),
            path: path.clone(),
            raw,
        })
    };
    paths.iter().flat_map(of_path).collect()
}

impl Operation {
    /// The example of the request's body: its own or that of its schema.
    pub fn request_example(&self) -> Option<Json> {
        let content = &self.raw["requestBody"]["content"];
        content.is_object().then(|| example_in(&content["application/json"]).expect(&self.id))
    }

    /// The examples of the answers that say yes, with their status.
    fn success_examples(&self) -> Vec<(String, Option<Json>)> {
        let answers = self.raw["responses"].as_object().expect("responses");
        let good = answers.iter().filter(|(status, _)| matches!(status.as_bytes(), [b'1'..=b'3', ..]));
        good.map(|(status, answer)| {
            let content = answer["content"].as_object().and_then(|content| content.values().next());
            (status.clone(), content.map_or(Some(Json::Null), example_in))
        })
        .collect()
    }
}

/// The example of one media type: its own, its schema's, or for a page its entry's.
fn example_in(content: &Json) -> Option<Json> {
    let own = content.get("example").cloned();
    let schema = &content["schema"];
    let resolved = |schema: &Json| schema["$ref"].as_str().map_or_else(|| schema.clone(), schema_of);
    let target = resolved(schema);
    let entry = resolved(&target["properties"]["items"]["items"]);
    let page = || Some(json!({"items": [entry.get("example")?], "next_cursor": null}));
    own.or_else(|| target.get("example").cloned()).or_else(page)
}

fn schema_of(reference: &str) -> Json {
    document().pointer(reference.trim_start_matches('#')).cloned().expect(reference)
}

/// The routes that the source declares with actix's macros, as `METHOD path`.
fn declared_routes() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for file in crate::architecture::sources("src/api") {
        for line in file.text.lines() {
            let route = line.strip_prefix("#[").and_then(|rest| rest.split_once("(\""));
            if let Some((method @ ("get" | "post" | "patch" | "delete" | "put" | "head"), path)) = route {
                let path = path.split('"').next().expect("a path");
                routes.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    routes
}

/// No route is missing from the document and none is only on paper. The document itself is the one exception.
#[test]
fn the_document_has_every_route_and_no_other() {
    let documented: BTreeSet<String> = operations().iter().map(|op| format!("{} {}", op.method, op.path)).collect();
    let mut declared = declared_routes();
    assert!(declared.remove("GET /openapi.json"), "the document is served");
    assert_eq!(documented, declared);
}

/// Every documented path and method is really served: an anonymous caller may be refused, but never misses it.
#[tokio::test(flavor = "multi_thread")]
async fn every_documented_operation_is_served() {
    let house = House::new().await;
    let served: Json = house.api().get("/openapi.json").await.expect("the document").body;
    assert_eq!(served, document(), "what is served is what the tests look at");
    for op in operations() {
        let url = format!("{}{}", house.url(), fill(&op.path));
        let answer = raw::send(&op.method, &url, None, &[("if-match", "\"1.1\"")], op.request_example()).await;
        let missing = matches!(answer.code(), "not_found" | "method_not_allowed");
        assert!(!missing && answer.status < 500, "{} {}: {}", op.method, op.path, answer.text);
    }
}

fn fill(path: &str) -> String {
    path.split('/')
        .map(|part| match part {
            "{revision}" => "1".to_owned(),
            part if part.starts_with('{') => uuid::Uuid::now_v7().to_string(),
            part => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Somebody who reads an operation finds its name, what it does, where it belongs, and what goes in and comes out.
#[test]
fn every_operation_has_a_name_a_summary_a_tag_and_examples() {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    for op in operations() {
        let mut fault = |what: &str| faults.push(format!("{} {}: {what}", op.method, op.path));
        let text = |name: &str| op.raw[name].as_str().unwrap_or_default();
        if text("operationId").is_empty() || !names.insert(op.id.clone()) {
            fault("no operationId of its own");
        }
        if text("summary").is_empty() || text("summary").ends_with('.') {
            fault("no summary, or one with a full stop");
        }
        if op.raw["tags"].as_array().is_none_or(Vec::is_empty) {
            fault("no tag");
        }
        let examples = op.success_examples();
        if examples.is_empty() || examples.iter().any(|(_, example)| example.is_none()) {
            fault("a success without an example");
        }
        for status in ["4XX", "5XX"] {
            if op.raw["responses"][status]["$ref"] != "#/components/responses/Problem" {
                fault("errors are not described");
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Repeating one of these is harmless by its nature, or must not give the same answer twice.
const WITHOUT_KEY: &[&str] = &[
    "change_password",
    "guardian_appeal_age",
    "guardian_answer",
    "guardian_attest_age",
    "guardian_simulate",
    "platform_age_signal",
    "platform_assure",
    "platform_decisions",
    "sync_ticket",
    "teen_appeal_age",
    "teen_ask",
    "teen_codes_typed",
    "teen_simulate",
    "teen_usage",
];

/// A client that lost an answer finds in the document how to ask again: every other POST takes a key, and every change of
/// limits the version that it is about.
#[test]
fn every_post_says_how_to_repeat_it() {
    for op in operations() {
        let parameters = op.raw["parameters"].as_array().cloned().unwrap_or_default();
        let takes = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        if op.method == "POST" {
            assert_eq!(takes("Idempotency-Key"), !WITHOUT_KEY.contains(&op.id.as_str()), "{}", op.id);
        }
        let changes_limits = op.id.ends_with("_change_settings") || op.id.ends_with("_undo");
        assert_eq!(takes("If-Match"), changes_limits, "{}", op.id);
        for id in ["{teen_id}", "{device_id}", "{offer_id}", "{invitation_id}", "{pairing_id}", "{revision}"] {
            assert_eq!(takes(id.trim_matches(['{', '}'])), op.path.contains(id), "{} {id}", op.id);
        }
    }
}

/// The examples of request bodies are of the form that the server reads: none is answered "not the expected JSON".
#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_a_body_is_understood() {
    let house = House::new().await;
    let (family, other) = (house.family().await, house.guardian("other").await);
    let platform = house.platform_key(&Scope::ALL);
    for op in operations() {
        let Some(body) = op.request_example() else { continue };
        let token = match op.raw["tags"][0].as_str() {
            _ if ["teen_usage", "teen_codes_typed"].contains(&op.id.as_str()) => &family.phone.token,
            Some("teen") => &family.teen.access,
            // Its password is the example's, so it is changed here.
            Some("accounts") => &other.access,
            Some("platform") => &platform.token,
            _ => &family.guardian.access,
        };
        let path = op.path.replace("{teen_id}", &family.teen.id.to_string());
        let url = format!("{}{}", house.url(), fill(&path));
        let answer = raw::send(&op.method, &url, Some(token), &[("if-match", "\"1.1\"")], Some(body)).await;
        assert!(!matches!(answer.code(), "bad_json" | "invalid" | "wrong_role"), "{}: {}", op.id, answer.text);
    }
}

/// What a problem looks like in the document is what a problem looks like on the wire.
#[tokio::test(flavor = "multi_thread")]
async fn a_problem_has_the_fields_that_the_document_names() {
    let house = House::new().await;
    let answer = raw::send("GET", &format!("{}/v1/account", house.url()), None, &[], None).await;
    let sent: BTreeSet<&String> = answer.body.as_object().expect("an object").keys().collect();
    let schema = schema_of("#/components/schemas/ProblemDetails");
    let named: BTreeSet<&String> = schema["properties"].as_object().expect("properties").keys().collect();
    assert_eq!(sent, named);
}

/// Promise 8, no covert monitoring: whatever a guardian can read or set of a teen is on the list that the teen sees.
#[test]
fn no_covert_monitoring_by_any_operation() {
    let listed = |list: &[Visible]| -> BTreeSet<&str> { list.iter().flat_map(|v| v.operations).copied().collect() };
    let (seen, set) = (listed(WILL_SEE), listed(MAY_SET));
    let all = operations();
    for op in all.iter().filter(|op| op.path.contains("{teen_id}")) {
        // A question that is too long for an address is still only a question.
        let reads = op.method == "GET" || op.id == "guardian_simulate";
        let list = if reads { &seen } else { &set };
        assert!(list.contains(op.id.as_str()), "{} {} is on no list that the teen sees", op.method, op.path);
    }
    let known: BTreeSet<&str> = all.iter().map(|op| op.id.as_str()).collect();
    let unknown: Vec<_> = seen.union(&set).filter(|name| !known.contains(**name)).collect();
    assert!(unknown.is_empty(), "listed, but there is no such operation: {unknown:?}");
}

/// Promise 8 again, from the teen's side: the lists that bind guardians are the ones that the teen reads.
#[tokio::test(flavor = "multi_thread")]
async fn the_teen_reads_the_very_list_that_binds_guardians() {
    let house = House::new().await;
    let family = house.family().await;
    let sign: Json = family.phone.api.get("/v1/teen/supervision").await.expect("supervision").body;
    for (name, list) in [("will_see", WILL_SEE), ("may_set", MAY_SET), ("never_see", NEVER_SEE)] {
        assert_eq!(sign[name], json!(list), "{name}");
    }
    assert_eq!(sign["supervised"], true);
    assert_eq!(sign["guardians"][0]["guardian"]["account_id"], json!(family.guardian.id));
}
