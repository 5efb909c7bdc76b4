//! A foreign client: a program that reads questions from its standard input and answers on its standard output.

use std::{fmt, process::Stdio, time::Duration};

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

use super::kit::Case;

/// Longest line of an answer, in bytes: the longest right one is a twentieth of that.
const MOST_LINE: usize = 1024 * 1024;
/// How much of a wrong line is shown.
const SHOWN: usize = 80;
/// How long a client that closed its output may take to end.
const ENDING: Duration = Duration::from_millis(500);

/// A client that was started.
pub(super) struct Foreign {
    child: Child,
    questions: ChildStdin,
    answers: FramedRead<ChildStdout, LinesCodec>,
}

/// What a client said about a case.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// An output, right or wrong.
    Output(Json),
    /// That it does not know the operation.
    Unsupported,
    /// That it failed, in its own words.
    Error(String),
}

/// Why a client cannot be asked any further: it is ended, and another one started for the next case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No answer in time.
    Silent(Duration),
    /// It closed its output; how it ended, if it did.
    Died(Option<String>),
    /// A line that is no answer.
    Garbage(String),
    /// A line over [`MOST_LINE`].
    TooLong,
    /// An answer to something else.
    OtherCase(String),
}

/// A question as it is written.
#[derive(Serialize)]
struct Question<'a> {
    id: &'a str,
    op: &'a str,
    input: &'a Json,
}

/// An answer as it is read. Fields that are not known are ignored.
#[derive(Deserialize)]
struct Answer {
    id: String,
    output: Option<Json>,
    #[serde(default)]
    unsupported: bool,
    error: Option<String>,
}

impl Foreign {
    /// Starts a client: the first word is the program, no shell has a say. What it writes to its standard error is shown as it is.
    pub(super) fn start(words: &[String]) -> std::io::Result<Self> {
        let (program, arguments) =
            words.split_first().ok_or_else(|| std::io::Error::other("the command has no words"))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let gone = || std::io::Error::other("the client has no standard input or output");
        let questions = child.stdin.take().ok_or_else(gone)?;
        let answers = child.stdout.take().ok_or_else(gone)?;
        Ok(Self { child, questions, answers: FramedRead::new(answers, LinesCodec::new_with_max_length(MOST_LINE)) })
    }

    /// Asks one case and waits for its answer.
    pub(super) async fn ask(&mut self, case: &Case, patience: Duration) -> Result<Said, Trouble> {
        match timeout(patience, self.line(case)).await {
            Ok(Ok(Some(line))) => read(&line, case),
            Ok(Ok(None)) => Err(Trouble::Died(self.ended().await)),
            Ok(Err(trouble)) => Err(trouble),
            Err(_) => Err(Trouble::Silent(patience)),
        }
    }

    async fn line(&mut self, case: &Case) -> Result<Option<String>, Trouble> {
        let question = Question { id: &case.id, op: &case.op, input: &case.input };
        // Strings and maps with string keys can always be written.
        let mut text = serde_json::to_string(&question).unwrap_or_default();
        text.push('\n');
        // A client that died may have answered before: whatever it wrote is read first.
        let _ = self.questions.write_all(text.as_bytes()).await;
        let _ = self.questions.flush().await;
        match self.answers.next().await {
            Some(Ok(line)) => Ok(Some(line)),
            Some(Err(LinesCodecError::MaxLineLengthExceeded)) => Err(Trouble::TooLong),
            Some(Err(LinesCodecError::Io(error))) => Err(Trouble::Garbage(error.to_string())),
            None => Ok(None),
        }
    }

    async fn ended(&mut self) -> Option<String> {
        let status = timeout(ENDING, self.child.wait()).await.ok()?.ok()?;
        Some(status.to_string())
    }

    /// Lets a client end by itself: its input is closed.
    pub(super) async fn finish(mut self) {
        drop(self.questions);
        let _ = timeout(ENDING, self.child.wait()).await;
    }
}

fn read(line: &str, case: &Case) -> Result<Said, Trouble> {
    let shown = || line.chars().take(SHOWN).collect::<String>();
    let answer: Answer = serde_json::from_str(line).map_err(|_| Trouble::Garbage(shown()))?;
    if answer.id != case.id {
        return Err(Trouble::OtherCase(answer.id.chars().take(SHOWN).collect()));
    }
    match answer {
        Answer { unsupported: true, .. } => Ok(Said::Unsupported),
        Answer { error: Some(error), .. } => Ok(Said::Error(error)),
        Answer { output: Some(output), .. } => Ok(Said::Output(output)),
        _ => Err(Trouble::Garbage(shown())),
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(patience) => write!(f, "the client did not answer within {} s", patience.as_secs_f32()),
            Self::Died(Some(how)) => write!(f, "the client ended ({how}) instead of answering"),
            Self::Died(None) => f.write_str("the client closed its output instead of answering"),
            // Escaped: what a client prints must not steer a terminal.
            Self::Garbage(line) => write!(f, "the client wrote a line that is no answer: {line:?}"),
            Self::TooLong => f.write_str("the client wrote a line of more than a mebibyte"),
            Self::OtherCase(id) => write!(f, "the client answered another case: {id:?}"),
        }
    }
}
