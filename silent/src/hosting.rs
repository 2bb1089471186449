//! What other web servers have to be told to serve an app and the silent page as this one does.
//!
//! The app's policy names the servers in its `config.json`, so these files are written anew when that changes.

use std::{fs, io, path::Path};

use axum::http::{HeaderName, HeaderValue};

use crate::{
    AppDirError, Options,
    app_dir::{AppDir, FOREVER, REVALIDATE, is_named_by_content},
    router::COMMON_HEADERS,
    silent_page::SilentPage,
};

/// Why the files cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The directory of the app cannot be read.
    #[error(transparent)]
    AppDir(#[from] AppDirError),
    /// A file or its directory cannot be written.
    #[error("Cannot write {0}: {1}.")]
    Write(String, io::Error),
}

/// Headers, in the order in which they are written.
type Headers = Vec<(String, String)>;

/// Writes into `directory`:
///
/// - `nginx.conf`, to be included in a `server` block: the app, and the silent page beside it;
/// - `app/_headers`, for hosts that read such a file in the directory of a site;
/// - `silent/silent.html` and `silent/_headers`, a site of its own for the silent page.
pub(crate) async fn export(directory: &Path, options: &Options) -> Result<(), ExportError> {
    let Some(app_dir) = &options.app_dir else { return Ok(()) };
    let app = AppDir::open(app_dir, &options.connect_origins, options.any_issuer)?;
    let silent = SilentPage::new(&options.app_origins);
    let page = headers(app.page_headers().await.map(|(name, value)| (name, text(&value))));
    let silent_headers = headers(silent.headers());
    let kept = names_kept_forever(app_dir).map_err(|error| ExportError::Write(app_dir.display().to_string(), error))?;

    let silent_page = directory.join("silent").join("silent.html");
    write(&silent_page, silent.html())?;
    write(&directory.join("silent").join("_headers"), &silent_site(&silent_headers))?;
    write(&directory.join("app").join("_headers"), &app_site(&page, &kept))?;
    let [app_dir, silent_page] = [app_dir, &silent_page].map(|path| absolute(path));
    write(&directory.join("nginx.conf"), &nginx(&app_dir, &page, &silent_page, &silent_headers))
}

fn headers(own: impl IntoIterator<Item = (HeaderName, String)>) -> Headers {
    let common = COMMON_HEADERS.map(|(name, value)| (name, value.to_owned()));
    own.into_iter().chain(common).map(|(name, value)| (name.to_string(), value)).collect()
}

/// Policies are ASCII.
fn text(value: &HeaderValue) -> String {
    value.to_str().unwrap_or_default().to_owned()
}

/// The files of the app itself that never change under their names.
fn names_kept_forever(app_dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(app_dir)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    let compressed = |name: &str| name.ends_with(".br") || name.ends_with(".gz");
    names.retain(|name| is_named_by_content(name) && !compressed(name));
    names.sort();
    Ok(names)
}

/// Such hosts put the headers of all rules together that fit a path. So what is said of every path are the headers of the
/// page, which mean nothing to other files; how long a file may be kept is said of that file, and of the others the host
/// itself says that they are asked for again.
fn app_site(page: &Headers, kept: &[String]) -> String {
    let mut rules = rule("/*", page.iter().filter(|(name, _)| name != "cache-control"));
    let forever = ("cache-control".to_owned(), FOREVER.to_owned());
    for name in kept {
        rules.push_str(&rule(&format!("/{name}"), [&forever]));
    }
    rules
}

fn silent_site(headers: &Headers) -> String {
    ["/silent", "/silent.html"].map(|path| rule(path, headers)).concat()
}

fn rule<'a>(path: &str, headers: impl IntoIterator<Item = &'a (String, String)>) -> String {
    let lines: String = headers.into_iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
    format!("{path}\n{lines}")
}

fn nginx(app_dir: &str, page: &Headers, silent_page: &str, silent_headers: &Headers) -> String {
    let common: Headers = headers([]);
    let with = |caching: &str| [vec![("cache-control".to_owned(), caching.to_owned())], common.clone()].concat();
    let blocks = [
        location(
            "= /silent",
            silent_headers,
            // A log would hold authorization responses.
            &format!("access_log off; default_type text/html; charset utf-8; alias \"{silent_page}\";"),
        ),
        location("~ \"-[0-9a-f]{13,16}(_bg|_loader)?\\.[a-z0-9]+$\"", &with(FOREVER), "try_files $uri =404;"),
        location("~ \"\\.[a-z0-9]+$\"", &with(REVALIDATE), "try_files $uri =404;"),
        location("= /index.html", page, ""),
        location("/", page, "try_files $uri /index.html;"),
    ];
    format!(
        "# For a `server` block. Written for the app in {app_dir}: write it again when its config.json changes.\n\
         root \"{app_dir}\";\ngzip_static on;\ngzip_vary on;\n# brotli_static on; # with the module ngx_brotli\n{}",
        blocks.concat()
    )
}

fn location(matches: &str, headers: &Headers, more: &str) -> String {
    // That a file is not there must not be remembered as long as the file.
    let when = |value: &str| if value == FOREVER { "" } else { " always" };
    let lines = headers.iter().map(|(name, value)| format!("    add_header {name} \"{value}\"{};\n", when(value)));
    let lines: String = lines.collect();
    let more = if more.is_empty() { String::new() } else { format!("    {more}\n") };
    format!("location {matches} {{\n{lines}{more}}}\n")
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn write(path: &Path, content: &str) -> Result<(), ExportError> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, content));
    written.map_err(|error| ExportError::Write(path.display().to_string(), error))
}
