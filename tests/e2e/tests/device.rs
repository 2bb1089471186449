//! A device shows a code, and a person enters it in the browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evergrant_e2e::{Device, IssuerPages, Setup, journey};
use fantoccini::Locator;
use fantoccini::key::Key;

#[test]
fn a_person_enters_the_code_signs_in_allows_the_device_and_signs_it_out_again() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (issuer, browser, device) = (IssuerPages::of(world), &world.browser, Device::start(world)?);
        assert_eq!(device.poll()?["error"], "authorization_pending");
        browser.open(&device.verification_uri).await?;
        let as_typed = device.user_code.to_lowercase().replace('-', "");
        browser.fill(Locator::Css("input[name=user_code]"), &as_typed).await?;
        browser.press_key(Key::Enter).await?;
        issuer.sign_in("test", "test").await?;
        browser.wait_for_text("Allow Demo command line on your device?").await?;
        browser.wait_for_text(&device.user_code).await?;
        // On a slow machine it did not ask too soon.
        let error = device.poll()?["error"].clone();
        assert!(error == "slow_down" || error == "authorization_pending", "a sign-in allows nothing: {error}");
        issuer.decide("allow").await?;
        browser.wait_for_text("The device is signed in").await?;
        let tokens = device.poll()?;
        assert!(tokens["id_token"].is_string(), "{tokens}");
        assert_eq!(device.poll()?["error"], "invalid_grant", "they are given once");
        let refreshed = device.refresh(tokens["refresh_token"].as_str().unwrap())?;
        let next = refreshed["refresh_token"].as_str().unwrap_or_else(|| panic!("{refreshed}"));

        browser.click(Locator::LinkText("Your account")).await?;
        let button = "//button[starts-with(@aria-label, 'Sign out Demo command line, A device')]";
        browser.click(Locator::XPath(button)).await?;
        browser.wait_for_text("None.").await?;
        assert_eq!(device.refresh(next)?["error"], "invalid_grant");
        Ok(())
    })
}

#[test]
fn a_link_with_the_code_leads_to_the_question_and_no_further() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (issuer, browser, device) = (IssuerPages::of(world), &world.browser, Device::start(world)?);
        browser.open(&device.verification_uri_complete).await?;
        browser.click(Locator::Css("form[action='/device'] button[type=submit]")).await?;
        issuer.sign_in("test", "test").await?;
        browser.wait_for_text("If somebody sent you the code").await?;
        assert_eq!(device.poll()?["error"], "authorization_pending");
        issuer.decide("deny").await?;
        browser.wait_for_text("The device was refused").await?;
        assert_eq!(device.poll()?["error"], "access_denied");
        Ok(())
    })
}
