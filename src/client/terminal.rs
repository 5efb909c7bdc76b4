//! The person at the terminal: what they read, and what they answer.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};

use qrcode::{QrCode, render::unicode::Dense1x2};
use tokio::sync::oneshot;

/// Prints a line. Names and reasons come from other people, so nothing in them may steer the terminal.
pub fn say(line: &str) {
    let plain: String = line.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    // A reader that went away is no reason to fail.
    let _ = writeln!(stdout(), "{plain}");
}

/// Asks until the answer is yes or no. No terminal or no answer is a no.
pub async fn confirm(question: &str) -> bool {
    loop {
        say(&format!("{question} [y/n]"));
        match ask().await.map(|answer| answer.trim().to_lowercase()).as_deref() {
            Some("y" | "yes") => return true,
            Some("n" | "no") | None => return false,
            Some(_) => say("Please type y or n."),
        }
    }
}

// On a thread of its own: a runtime would wait for a read that may never end.
async fn ask() -> Option<String> {
    let (answer, asked) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = stdin().lock().read_line(&mut line).ok().filter(|bytes| *bytes > 0);
        // Nobody may be waiting any more.
        let _ = answer.send(read.map(|_| line));
    });
    asked.await.ok().flatten()
}

/// Whether a person can answer.
pub fn has_person() -> bool {
    stdin().is_terminal()
}

/// A short text so that it can be read from across the table.
pub fn big(text: &str) -> String {
    let spread: String = text.chars().flat_map(|c| [' ', c]).collect();
    let rule = "━".repeat(spread.chars().count().saturating_add(5));
    format!("    ┏{rule}┓\n    ┃  {spread}   ┃\n    ┗{rule}┛")
}

/// A QR code of half blocks, or nothing if the text is too long for one.
pub fn qr(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    // The light squares are the ones that are drawn: most terminals write light on dark.
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_framed_evenly() {
        let framed = big("K7Q2-9X4M");
        let widths: Vec<usize> = framed.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 3);
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{framed}");
    }

    #[test]
    fn a_link_fits_into_a_terminal() {
        let code = qr("https://pair.example/p#K7Q2ABCDEFGHJKMNPQRSTVWXYZ012345").unwrap();
        assert!(code.lines().count() <= 24 && code.lines().all(|line| line.chars().count() <= 48), "{code}");
        assert!(qr(&"x".repeat(5000)).is_none());
    }
}
