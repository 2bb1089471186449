//! Why a configuration is refused, in words that name the place.

use std::path::PathBuf;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {cause}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong there; never the line's text, which may hold a secret's hash.
        message: String,
    },
    /// The keys are fine one by one, and do not go together.
    #[error("{0}")]
    Rule(String),
}

impl ConfigError {
    pub(super) fn rule(message: impl Into<String>) -> Self {
        Self::Rule(message.into())
    }

    pub(super) fn syntax(text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        Self::Syntax { line, message: error.message().to_owned() }
    }
}
