//! This program as a client, the way a foreign one would be: the reference, and the proof that a run works end to end.

use std::io::{BufRead, Write};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    answer::{NoAnswer, answer},
    command::ConformanceError,
};

#[derive(Deserialize)]
struct Question {
    id: String,
    op: String,
    input: Json,
}

/// Answers question after question until there are no more.
pub(super) fn serve(questions: impl BufRead, mut answers: impl Write) -> Result<(), ConformanceError> {
    for line in questions.lines() {
        writeln!(answers, "{}", reply(&line?)?)?;
        answers.flush()?;
    }
    Ok(())
}

fn reply(line: &str) -> Result<Json, ConformanceError> {
    let Question { id, op, input } = serde_json::from_str(line)?;
    Ok(match answer(&op, input) {
        Ok(output) => json!({"id": id, "output": output}),
        Err(NoAnswer::Unsupported) => json!({"id": id, "unsupported": true}),
        Err(error @ NoAnswer::Unreadable(_)) => json!({"id": id, "error": error.to_string()}),
    })
}
