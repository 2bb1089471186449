//! Everything that a measurement in a browser takes place in: the real servers, the app, and other pages at the same issuer.

use evergrant_e2e::{App, Flow, Setup, World};
use fantoccini::Locator;
use serde_json::json;

use crate::browser::OURS;
use crate::browser::page_server::PageServer;
use crate::browser::pages::Page;
use crate::browser::{bundle, steps};
use crate::options::Common;

/// How the contenders renew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Iframe,
    RefreshToken,
}

/// A running world; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) world: World,
    /// Ours first.
    pub(crate) contenders: Vec<Contender>,
    _servers: Vec<PageServer>,
}

/// One of those that are measured.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) origin: String,
}

impl Stage {
    /// Starts everything, and signs the demo's person in at the app and at every page. All of them keep their session in
    /// `localStorage`.
    ///
    /// # Errors
    /// When something does not start, or somebody cannot sign in.
    pub(crate) async fn start(common: &Common, setup: Setup, way: Way, pages: &[Page]) -> anyhow::Result<Self> {
        let mut setup = setup.with_config("storage", "local");
        if way == Way::RefreshToken {
            setup = setup.with_refresh_tokens();
        }
        let mut made = Vec::new();
        for page in pages {
            let directory = bundle::make(page, common)?;
            let server = PageServer::start(&directory).await?;
            setup = setup.with_client(&registration(page, &server.origin));
            made.push((page, directory, server));
        }
        let world = World::start(setup).await?;
        let config = world.app_dir.read_config()?;
        let config: serde_json::Value = serde_json::from_str(&config)?;
        let mut contenders = vec![Contender { name: OURS, origin: world.app_origin().to_owned() }];
        App::of(&world).sign_in(Flow::Code).await?;
        let mut servers = Vec::new();
        for (page, directory, server) in made {
            let (issuer, scope, audience) = (&config["issuer"], &config["scope"], &config["audience"]);
            let config = json!({ "client_id": page.id, "issuer": issuer, "scope": scope, "audience": audience });
            bundle::configure(&directory, &config)?;
            // The issuer knows the person by now, and asks nothing.
            world.browser.open(&server.origin).await?;
            world.browser.click(Locator::XPath("//button[normalize-space()='Sign in']")).await?;
            steps::wait_until_signed_in(&world.browser).await?;
            contenders.push(Contender { name: page.name, origin: server.origin.clone() });
            servers.push(server);
        }
        Ok(Self { world, contenders, _servers: servers })
    }

    /// Ends the browser in an orderly way, and then the servers.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.world.browser.close().await
    }
}

fn registration(page: &Page, origin: &str) -> String {
    let Page { id, name, .. } = page;
    format!(
        r#"
[[client]]
client_id = "{id}"
name = "{name}"
type = "public"
redirect_uris = ["{origin}/callback", "{origin}/silent.html"]
post_logout_redirect_uris = ["{origin}/"]
origins = ["{origin}"]
grants = ["authorization_code", "refresh_token"]
require_consent = false
"#
    )
}
