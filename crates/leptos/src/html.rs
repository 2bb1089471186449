//! Texts as a part of HTML: long tables and drawings are written as one text, which is much less code to load than a view of
//! every element.

/// `text` with nothing in it that a browser would take for markup, in an attribute's quotes as well.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn markup_becomes_text() {
        assert_eq!(escaped(r#"<img src="x" onerror='y'> & co"#), "&lt;img src=&quot;x&quot; onerror='y'&gt; &amp; co");
    }
}
