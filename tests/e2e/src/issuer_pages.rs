//! The issuer's pages, as a person uses them.

use fantoccini::Locator;

use crate::browser::Browser;
use crate::world::World;

fn decision_button(decision: &str) -> String {
    format!("button[name=decision][value={decision}]")
}

/// The issuer in the tab that is shown.
#[derive(Clone, Copy, Debug)]
pub struct IssuerPages<'a> {
    world: &'a World,
    browser: &'a Browser,
}

impl<'a> IssuerPages<'a> {
    /// The pages of this world's issuer.
    pub fn of(world: &'a World) -> Self {
        Self { world, browser: &world.browser }
    }

    /// Waits for the sign-in page, and signs in.
    ///
    /// # Errors
    /// When there is no such page.
    pub async fn sign_in(&self, username: &str, password: &str) -> anyhow::Result<()> {
        self.browser.fill(Locator::Css("input[name=username]"), username).await?;
        self.browser.fill(Locator::Css("input[name=password]"), password).await?;
        self.browser.click(Locator::Css("form:has(input[name=password]) button[type=submit]")).await
    }

    /// Waits for the consent page, and answers `allow` or `deny`.
    ///
    /// # Errors
    /// When there is no such page.
    pub async fn decide(&self, decision: &str) -> anyhow::Result<()> {
        self.browser.click(Locator::Css(&decision_button(decision))).await
    }

    /// Waits for the consent page, and answers with a double click where one click would do.
    ///
    /// # Errors
    /// When there is no such page.
    pub async fn decide_by_double_click(&self, decision: &str) -> anyhow::Result<()> {
        self.browser.double_click(Locator::Css(&decision_button(decision))).await
    }

    /// Waits for the page that asks for a device's code, and enters it.
    ///
    /// # Errors
    /// When there is no such page.
    pub async fn enter_user_code(&self, user_code: &str) -> anyhow::Result<()> {
        self.browser.fill(Locator::Css("input[name=user_code]"), user_code).await?;
        self.browser.click(Locator::Css("form[action='/device'] button[type=submit]")).await
    }

    /// Ends the session on the issuer's own page.
    ///
    /// # Errors
    /// When nobody is signed in there.
    pub async fn sign_out(&self) -> anyhow::Result<()> {
        self.browser.open(self.world.issuer.origin()).await?;
        self.browser.mark_document().await?;
        self.browser.click(Locator::XPath("//button[normalize-space()='Sign out']")).await?;
        // Another page opened at once would overtake the form.
        crate::eventually("the form is answered", async || {
            anyhow::ensure!(!self.browser.is_marked().await?, "its page is still there");
            Ok(())
        })
        .await?;
        self.wait_until_nobody_is_signed_in().await
    }

    /// Withdraws on the account page what an application of this name was allowed.
    ///
    /// # Errors
    /// When nobody is signed in there, or it was allowed nothing.
    pub async fn withdraw_consent(&self, application: &str) -> anyhow::Result<()> {
        self.browser.open(&format!("{}/account", self.world.issuer.origin())).await?;
        let button = format!("//button[@aria-label='Withdraw what you allowed {application}']");
        self.browser.click(Locator::XPath(&button)).await?;
        self.browser.wait_for_text("Nothing.").await
    }

    /// Signs out of all devices on the account page.
    ///
    /// # Errors
    /// When nobody is signed in there.
    pub async fn sign_out_everywhere(&self) -> anyhow::Result<()> {
        self.browser.open(&format!("{}/account", self.world.issuer.origin())).await?;
        self.browser.click(Locator::XPath("//button[normalize-space()='Sign out everywhere']")).await?;
        self.browser.wait_for_text("You are signed out everywhere").await
    }

    /// Waits until the issuer's own page says that nobody is signed in.
    ///
    /// # Errors
    /// When somebody stays so.
    pub async fn wait_until_nobody_is_signed_in(&self) -> anyhow::Result<()> {
        crate::eventually("the issuer says that nobody is signed in", async || {
            self.browser.open(self.world.issuer.origin()).await?;
            let text = self.browser.text().await?;
            anyhow::ensure!(text.contains("Nobody is signed in"), "it says {text:?}");
            Ok(())
        })
        .await
    }
}
