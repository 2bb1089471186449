//! Inline scripts and styles of a page, as sources a content security policy admits them by.

use base64::{Engine, engine::general_purpose::STANDARD};
use html5gum::{DefaultEmitter, Token, Tokenizer};
use sha2::{Digest, Sha256};

/// The hash sources of a page, in the order of the page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct InlineSources {
    pub(super) scripts: Vec<String>,
    pub(super) styles: Vec<String>,
}

/// `'sha256-…'` for the exact text between the tags (CSP Level 3 §2.3.1, `hash-source`).
pub(crate) fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

impl InlineSources {
    /// Reads a page with the tokenizer of the HTML standard, so that comments, attributes in any
    /// order and text that only looks like a tag are what they are for a browser.
    pub(super) fn of(html: &str) -> Self {
        let mut found = Self::default();
        let mut open = None;
        let mut text = String::new();
        let mut emitter = DefaultEmitter::<()>::default();
        // What stands in a script, a style or a title is text, whatever it looks like.
        emitter.naively_switch_states(true);
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => {
                    open = match tag.name.as_slice() {
                        b"script" if !tag.attributes.contains_key(b"src".as_slice()) => Some(Element::Script),
                        b"style" => Some(Element::Style),
                        _ => None,
                    };
                    text.clear();
                }
                Token::String(part) if open.is_some() => {
                    text.push_str(&String::from_utf8_lossy(&part));
                }
                Token::EndTag(_) => match open.take() {
                    Some(Element::Script) => found.scripts.push(hash_source(&text)),
                    Some(Element::Style) => found.styles.push(hash_source(&text)),
                    None => {}
                },
                _ => {}
            }
        }
        found
    }
}

#[derive(Clone, Copy)]
enum Element {
    Script,
    Style,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_and_styles_are_found_with_their_exact_text() {
        let html = "<!doctype html><head>\n<style media=screen>\n a > b {}\n</style>\
            <script type=\"module\">\nimport init from '/app.js'; if (1 < 2 && '<p>') init();\n</script>\
            <SCRIPT>second()</SCRIPT>";
        let found = InlineSources::of(html);
        assert_eq!(found.styles, [hash_source("\n a > b {}\n")]);
        assert_eq!(
            found.scripts,
            [hash_source("\nimport init from '/app.js'; if (1 < 2 && '<p>') init();\n"), hash_source("second()"),]
        );
    }

    #[test]
    fn scripts_of_their_own_and_comments_are_not_inline() {
        let html = "<script async src=/a.js></script><!-- <script>old()</script> -->\
            <title><script>no</script></title><body onload=x><p>text</p>";
        assert_eq!(InlineSources::of(html), InlineSources::default());
    }

    #[test]
    fn the_hash_is_written_as_the_policy_wants_it() {
        // The example of CSP Level 3 §8.4.
        assert_eq!(hash_source("alert('Hello, world.');"), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    }
}
