//! The built app: which paths are files, which are the app's own pages, and which are neither.

use std::fs;

use crate::server::{NAVIGATION, Running, built_app};

#[test]
fn the_app_page_answers_at_the_root_and_at_its_own_paths() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    for path in ["/", "/index.html", "/session", "/expenses/42", "/callback?code=c&state=s"] {
        let page = server.fetch(path, &[NAVIGATION]);
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("The app"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin-allow-popups");
    }
    assert_eq!(server.fetch("/", &[]).status, 200);
}

/// The file system's refusal of such a name was taken for a failure of the server: status 500, and nothing to see.
#[test]
fn a_path_of_the_app_was_too_long_for_the_name_of_a_file() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    for path in [format!("/invitation/{}", "a".repeat(300)), "/a".repeat(3000)] {
        assert!(server.fetch(&path, &[NAVIGATION]).body.contains("The app"), "{}", path.len());
        assert_eq!(server.fetch(&path, &[]).status, 404, "{}", path.len());
    }
}

#[test]
fn only_a_page_that_no_other_opened_is_not_kept_apart_from_others() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    for path in ["/", "/session"] {
        let from = |site| server.fetch(path, &[NAVIGATION, ("sec-fetch-site", site)]);
        for site in ["cross-site", "same-site", "same-origin", "none, cross-site", ""] {
            assert_eq!(
                from(site).header("cross-origin-opener-policy"),
                "same-origin-allow-popups",
                "{path} from {site}"
            );
        }
        let typed = from("none");
        assert!(!typed.headers.contains_key("cross-origin-opener-policy"), "{path}");
        assert!(typed.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        for page in [typed, from("cross-site")] {
            let vary: Vec<_> = page.headers.get_all("vary").iter().filter_map(|vary| vary.to_str().ok()).collect();
            assert!(vary.contains(&"sec-fetch-site"), "{path}: {vary:?}");
        }
    }
}

#[test]
fn what_is_no_navigation_and_no_file_is_not_found() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    let missing = server.fetch("/old-0123456789abcdef.js", &[NAVIGATION]);
    assert_eq!(missing.status, 404);
    assert!(!missing.headers.contains_key("cache-control"));
    assert_eq!(server.fetch("/config.json", &[]).status, 404);
    assert_eq!(server.fetch("/session", &[("accept", "application/json")]).status, 404);
    assert_eq!(server.request("POST", "/session", &[NAVIGATION]).status, 405);
}

#[test]
fn files_have_the_types_that_browsers_insist_on() {
    let dir = built_app();
    let server = Running::with_app(dir.path());
    for (path, content_type) in [
        ("/app-0123456789abcdef_bg.wasm", "application/wasm"),
        ("/app-0123456789abcdef.js", "text/javascript"),
        ("/favicon.svg", "image/svg+xml"),
        ("/", "text/html"),
    ] {
        assert_eq!(server.fetch(path, &[]).header("content-type"), content_type, "{path}");
    }
}

#[test]
fn the_silent_page_stays_beside_the_app() {
    let dir = built_app();
    let page = Running::with_app(dir.path()).fetch("/silent", &[NAVIGATION]);
    assert!(page.body.contains("data-origins=\"http://localhost:8080\""));
}

#[test]
fn nothing_outside_the_directory_is_served() {
    let dir = built_app();
    let app = dir.path().join("app");
    fs::create_dir(&app).unwrap();
    fs::write(app.join("index.html"), "<title>inner</title>").unwrap();
    fs::write(dir.path().join("outside.txt"), "outside").unwrap();
    let server = Running::with_app(&app);
    for path in [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/a/../../outside.txt",
        "//outside.txt",
        "/..%5coutside.txt",
    ] {
        let answer = server.fetch_raw(path);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
}
