//! `index.html`: how it starts the app, and what it says about each file it loads.

use std::fs;

use anyhow::{Context, bail};

use crate::{built::BuiltApp, sealed::Sealed};

const NAME: &str = "index.html";

/// Begins to load the code; what it is and its hash are attributes, so that this text, and its hash in a content security policy, is
/// the same in every build. `start.js` goes on with it.
const FIRST: &str = "evergrantFirst=fetch(document.currentScript.dataset.code,document.currentScript.dataset)";

/// The page, as far as it is finished.
#[derive(Debug)]
pub(crate) struct Page {
    html: String,
    /// What the addresses of the app's files begin with, for example `/`.
    base: String,
}

impl Page {
    /// Reads the page.
    ///
    /// # Errors
    /// When it does not load the app's script as Trunk's pages do.
    pub(crate) fn read(app: &BuiltApp) -> anyhow::Result<Self> {
        let html = String::from_utf8(app.read(NAME)?).context("index.html is not UTF-8")?;
        Self::of(html, &app.script)
    }

    fn of(html: String, script: &str) -> anyhow::Result<Self> {
        let preload = tag_with(&html, "<link", script).context("index.html does not load the app's script.")?;
        let (_, rest) = html[preload].split_once("href=\"").context("the script has no address")?;
        let (address, _) = rest.split_once('"').context("the script's address has no end")?;
        let base = address.trim_end_matches(script).to_owned();
        Ok(Self { html, base })
    }

    /// Where a browser finds a file of the app.
    pub(crate) fn address_of(&self, name: &str) -> String {
        format!("{}{name}", self.base)
    }

    /// Loads the script, which starts the app by itself, in place of what Trunk wrote; and the code at the same time.
    ///
    /// Every browser checks the integrity of a script, but not that of an imported one or of a preload: so the page names
    /// the script itself, and asks for the code by its hash. A preload is no sooner, and Safari uses none for what a script
    /// fetches: it would load the code twice.
    pub(crate) fn start_by(&mut self, app: &BuiltApp, script: &Sealed, code: &Sealed) -> anyhow::Result<()> {
        self.remove("<script", "</script>", &app.script)?;
        self.remove("<link", ">", &app.script)?;
        self.remove("<link", ">", &app.code)?;
        // Before the first style sheet, which scripts wait for.
        let start = self.html.find("<link").context("index.html has no style sheet")?;
        let first = format!(
            "<script data-code=\"{}\" data-integrity=\"{}\">{FIRST}</script>\n  ",
            self.address_of(&code.name),
            code.integrity,
        );
        self.html.insert_str(start, &first);
        let element = format!(
            "<script type=\"module\" src=\"{}\" integrity=\"{}\" crossorigin=\"anonymous\"></script>\n",
            self.address_of(&script.name),
            script.integrity,
        );
        let end = self.html.find("</head>").context("index.html has no </head>")?;
        let head = self.html[..end].trim_end();
        self.html = format!("{head}\n  {element}{}", &self.html[end..]);
        Ok(())
    }

    /// Puts the names of style sheets into the order in which they apply.
    pub(crate) fn put_in_order(&self, styles: &mut [String]) {
        styles.sort_by_key(|name| self.html.find(name.as_str()));
    }

    /// Uses one style sheet, known by its hash, in the place of the first of others.
    ///
    /// # Errors
    /// When the page does not use one of them.
    pub(crate) fn use_style(&mut self, old: &[String], new: &Sealed) -> anyhow::Result<()> {
        let mut link = format!(
            "<link rel=\"stylesheet\" href=\"{}\" integrity=\"{}\" crossorigin=\"anonymous\">",
            self.address_of(&new.name),
            new.integrity
        );
        for old in old {
            let tag = tag_with(&self.html, "<link", old).with_context(|| format!("index.html does not use {old}."))?;
            self.html.replace_range(tag, &std::mem::take(&mut link));
        }
        Ok(())
    }

    /// Writes the page where it was, without what only who reads its source has use of.
    pub(crate) fn write(&self, app: &BuiltApp) -> anyhow::Result<()> {
        fs::write(app.directory.join(NAME), self.without_remarks()).context("Cannot write index.html")
    }

    /// The page without comments, and without the spaces at the ends of its lines.
    fn without_remarks(&self) -> String {
        let mut text = String::with_capacity(self.html.len());
        let mut rest = self.html.as_str();
        while let Some((before, after)) = rest.split_once("<!--") {
            text.push_str(before);
            rest = after.split_once("-->").map_or("", |(_, after)| after);
        }
        text.push_str(rest);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines.join("\n")
    }

    /// Takes out the element that begins and ends so and has this in it.
    fn remove(&mut self, begins: &str, ends: &str, with: &str) -> anyhow::Result<()> {
        match element_with(&self.html, begins, ends, with) {
            Some(element) => self.html.replace_range(element, ""),
            None => bail!("index.html has no {begins}> with {with}: was it built by another version of Trunk?"),
        }
        Ok(())
    }
}

fn tag_with(html: &str, begins: &str, with: &str) -> Option<std::ops::Range<usize>> {
    element_with(html, begins, ">", with)
}

fn element_with(html: &str, begins: &str, ends: &str, with: &str) -> Option<std::ops::Range<usize>> {
    html.match_indices(begins).find_map(|(start, _)| {
        let end = start + html[start..].find(ends)? + ends.len();
        html[start..end].contains(with).then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// As Trunk 0.21 writes it.
    const TRUNKS: &str = "<!doctype html><html><head>\n\
        <link rel=\"icon\" href=\"/icon.svg\">\n\
        <link rel=\"stylesheet\" href=\"/style-1.css\" integrity=\"sha384-old\"/>\n\
        <link rel=\"stylesheet\" href=\"/a-part-3.css\" integrity=\"sha384-older\"/>\n\
        <script type=\"module\">\nimport init from '/app-2.js';\nawait init({ module_or_path: '/app-2_bg.wasm' });\n</script>\n\
        <link rel=\"modulepreload\" href=\"/app-2.js\" crossorigin=\"anonymous\">\
        <link rel=\"preload\" href=\"/app-2_bg.wasm\" crossorigin=\"anonymous\" as=\"fetch\" type=\"application/wasm\"></head>\n\
        <body><p>Starting</p></body></html>";

    fn app() -> BuiltApp {
        BuiltApp {
            directory: "app".into(),
            stem: "app".into(),
            code: "app-2_bg.wasm".into(),
            script: "app-2.js".into(),
            other_scripts: Vec::new(),
            styles: Vec::new(),
        }
    }

    #[test]
    fn the_finished_page_has_one_line_of_script_and_every_file_its_hash() {
        let [script, code, style] = [("app", ".js"), ("app", "_bg.wasm"), ("style", ".css")]
            .map(|(stem, end)| Sealed::new(stem, end, end.as_bytes().to_vec()));
        let mut page = Page::of(TRUNKS.to_owned(), "app-2.js").unwrap();
        page.start_by(&app(), &script, &code).unwrap();
        let mut styles = ["a-part-3.css", "style-1.css"].map(str::to_owned);
        page.put_in_order(&mut styles);
        assert_eq!(
            styles,
            ["style-1.css", "a-part-3.css"],
            "what comes later in the page applies over what came before"
        );
        page.use_style(&styles, &style).unwrap();

        assert_eq!(page.html.matches("<script").count(), 2);
        assert!(page.html.contains("</script>\n</head>\n<body><p>Starting</p>"), "{}", page.html);
        let first = format!("<script data-code=\"/{}\" data-integrity=\"{}\">{FIRST}", code.name, code.integrity);
        assert!(page.html.find(&first).is_some_and(|at| at < page.html.find("<link").unwrap()), "{}", page.html);
        for file in [&script, &style] {
            let element = format!("=\"/{}\" integrity=\"{}\" crossorigin=\"anonymous\"", file.name, file.integrity);
            assert_eq!(page.html.matches(&element).count(), 1, "{}", page.html);
        }
        for old in ["app-2", "style-1", "a-part-3", "sha384-old", "modulepreload"] {
            assert!(!page.html.contains(old), "{old} in {}", page.html);
        }
    }

    #[test]
    fn remarks_and_indentation_do_not_travel() {
        let html =
            TRUNKS.replace("<p>Starting</p>", "\n  <!-- A remark,\n of two lines --><p>Starting,\n    now</p>\n\n");
        let page = Page::of(html, "app-2.js").unwrap();
        assert!(
            page.without_remarks().ends_with("<body>\n<p>Starting,\nnow</p>\n</body></html>"),
            "{}",
            page.without_remarks()
        );
    }

    #[test]
    fn files_below_a_path_are_found_there() {
        let html = TRUNKS.replace("\"/app", "\"/expenses/app");
        let page = Page::of(html, "app-2.js").unwrap();
        assert_eq!(page.address_of("x.wasm"), "/expenses/x.wasm");
    }

    #[test]
    fn a_page_that_starts_nothing_is_refused() {
        assert!(Page::of("<p>Nothing</p>".to_owned(), "app-2.js").is_err());
        let mut page = Page::of(TRUNKS.replace("<script", "<object"), "app-2.js").unwrap();
        let file = Sealed::new("app", ".js", Vec::new());
        assert!(page.start_by(&app(), &file, &file).unwrap_err().to_string().contains("<script>"));
    }
}
