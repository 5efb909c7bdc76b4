//! `asyncapi.yaml` says what the types say: every kind of frame, every word, every example both ways.

use std::collections::BTreeSet;

use family_pairing::sync::frame::{ClientFrame, ServerFrame};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json, json};

use super::{
    ALL_KINDS, client_kind,
    page::{Block, blocks, code, column, read, table},
    server_kind,
};

struct Document(Json);

impl Document {
    fn read() -> Self {
        Self(serde_saphyr::from_str(&read("asyncapi.yaml")).expect("YAML"))
    }

    /// The names of the messages of an operation, in their order.
    fn of(&self, operation: &str) -> Vec<&str> {
        let messages = self.0["operations"][operation]["messages"].as_array().expect("messages");
        let prefix = "#/channels/sync/messages/";
        messages
            .iter()
            .map(|it| it["$ref"].as_str().and_then(|at| at.strip_prefix(prefix)).expect("a reference"))
            .collect()
    }

    fn message(&self, name: &str) -> &Json {
        &self.0["components"]["messages"][name]
    }

    fn examples(&self, name: &str) -> impl Iterator<Item = &Json> {
        let examples = self.message(name)["examples"].as_array().expect("examples");
        assert!(!examples.is_empty(), "{name} has no example");
        examples.iter().map(|example| &example["payload"])
    }

    /// The schema of a message in which a field that it does not name is an error: what the types have and the document lacks.
    fn exactly(&self, name: &str) -> jsonschema::Validator {
        let mut schema = self.message(name)["payload"].clone();
        schema["components"] = self.0["components"].clone();
        close(&mut schema);
        jsonschema::draft202012::new(&schema).expect(name)
    }

    fn words(&self, at: &str) -> BTreeSet<String> {
        let words = self.0.pointer(at).and_then(Json::as_array).unwrap_or_else(|| panic!("no {at}"));
        words.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
    }
}

/// Closes every object that names its fields.
fn close(schema: &mut Json) {
    if let Some(fields) = schema.as_object_mut() {
        if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
            // The schemas of the document ride along in the root.
            fields.insert("unevaluatedProperties".to_owned(), json!(false));
        }
        fields.values_mut().for_each(close);
    } else if let Some(items) = schema.as_array_mut() {
        items.iter_mut().for_each(close);
    }
}

/// Reads a frame with the server's types; written again it must be the same to the last field.
fn both_ways<T: DeserializeOwned + Serialize>(name: &str, shown: &Json) -> T {
    let frame: T = serde_json::from_value(shown.clone()).unwrap_or_else(|error| panic!("{name}: {error} in {shown:#}"));
    let again = serde_json::to_value(&frame).expect("JSON");
    assert_eq!(&without_nothing(&again), &without_nothing(shown), "{name} is not the same both ways");
    frame
}

/// A client may leave out what it does not have: `null` and empty lists of a frame's own fields say the same as nothing.
fn without_nothing(frame: &Json) -> Json {
    let said = |value: &Json| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty());
    let fields = frame.as_object().expect("a frame is an object");
    Json::Object(
        fields
            .iter()
            .filter(|(_, value)| said(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}

/// Every kind of frame that the server hears or says has a message, and every example goes both ways and fits its schema.
#[test]
fn every_frame_is_in_the_asyncapi_document_and_every_example_round_trips() {
    let document = Document::read();
    let mut kinds = BTreeSet::new();
    for name in document.of("hear") {
        let schema = document.exactly(name);
        for shown in document.examples(name) {
            let frame: ClientFrame = both_ways(name, shown);
            kinds.insert(client_kind(&frame));
            check(&schema, name, shown);
            check(&schema, name, &serde_json::to_value(&frame).expect("JSON"));
        }
    }
    for name in document.of("say") {
        let schema = document.exactly(name);
        for shown in document.examples(name) {
            let frame: ServerFrame = both_ways(name, shown);
            kinds.insert(server_kind(&frame));
            check(&schema, name, shown);
            check(&schema, name, &serde_json::to_value(&frame).expect("JSON"));
        }
    }
    assert_eq!(kinds, ALL_KINDS.split(", ").collect());
    let listed: BTreeSet<&str> = document.of("hear").into_iter().chain(document.of("say")).collect();
    let written = |at: &Json| -> BTreeSet<String> { at.as_object().expect("messages").keys().cloned().collect() };
    let listed: BTreeSet<String> = listed.into_iter().map(str::to_owned).collect();
    assert_eq!(written(&document.0["components"]["messages"]), listed);
    assert_eq!(written(&document.0["channels"]["sync"]["messages"]), listed);
}

fn check(schema: &jsonschema::Validator, name: &str, frame: &Json) {
    if let Err(error) = schema.validate(frame) {
        panic!("{name}: {error} in {frame:#}");
    }
}

/// The frames on the protocol's page fit the document too.
#[test]
fn the_protocols_page_and_the_asyncapi_document_agree() {
    let document = Document::read();
    let mut seen = 0;
    for Block { kind, text } in blocks(&read("docs/PROTOCOL.md")) {
        let operation = match kind.as_str() {
            "json client" => "hear",
            "json server" => "say",
            _ => continue,
        };
        let shown: Json = serde_json::from_str(&text).expect("JSON");
        let same_kind = |name: &&str| {
            let fields = &document.message(name)["payload"]["properties"];
            fields["t"]["const"] == shown["t"] && fields["kind"]["const"] == shown["kind"]
        };
        let names = document.of(operation);
        let name = names.iter().find(|name| same_kind(name)).unwrap_or_else(|| panic!("no message for {shown}"));
        check(&document.exactly(name), name, &shown);
        seen += 1;
    }
    assert!(seen >= 16, "the page has its frames");
}

/// The words of the document are those of the protocol's tables, which are compared with the types.
#[test]
fn the_asyncapi_document_has_every_word() {
    let document = Document::read();
    let messages = "/components/messages";
    for (name, at) in [
        ("issue codes", "/components/schemas/issue_code/enum".to_owned()),
        ("reject codes", format!("{messages}/rejected/payload/properties/code/enum")),
        ("frame faults", format!("{messages}/error/payload/properties/code/enum")),
        ("standings", format!("{messages}/notice_device/payload/properties/state/enum")),
    ] {
        let on_the_page: BTreeSet<String> = column(&table("docs/PROTOCOL.md", name), 0).into_iter().collect();
        assert_eq!(document.words(&at).iter().map(|word| code(word)).collect::<BTreeSet<_>>(), on_the_page, "{name}");
    }
}
