//! What the steps need from outside: installed before the first of them begins, so that what cannot be installed is known in the
//! first minutes, and not behind everything that could do without it.

use super::{Kind, Options};
use crate::{
    process::Interrupted,
    stop::Stop,
    tools::{self, Optimizers, Tools},
};

/// Finds or installs one of them.
type Need = fn(&Stop) -> anyhow::Result<()>;

const NEEDS: [(&[Kind], Need); 10] = [
    (&[Kind::Native], |stop| tools::postgres(stop).map(drop)),
    (&[Kind::Wasm, Kind::Browser], tools::wasm_target),
    (&[Kind::Browser, Kind::EndToEnd, Kind::Interop], |stop| tools::chromium(stop).map(drop)),
    (&[Kind::Browser, Kind::EndToEnd], |stop| tools::firefox(stop).map(drop)),
    (
        &[Kind::Browser, Kind::EndToEnd],
        |stop| if cfg!(target_os = "linux") { tools::webkit(stop).map(drop) } else { Ok(()) },
    ),
    (&[Kind::Browser], |stop| tools::wasm_test_runner(stop).map(drop)),
    (&[Kind::EndToEnd, Kind::Interop], |stop| Tools::for_building(stop).map(drop)),
    (&[Kind::EndToEnd, Kind::Interop], |stop| Optimizers::ensure(stop).map(drop)),
    (&[Kind::EndToEnd], |stop| tools::axe(stop).map(drop)),
    (&[Kind::Interop], |stop| tools::interop_peers(stop).map(drop)),
];

/// Installs what is missing, and says what cannot be. That fails nothing yet: the steps that need it do, and the others have
/// something to say.
///
/// # Errors
/// [`Interrupted`] alone.
pub(super) fn install(options: &Options, stop: &Stop) -> anyhow::Result<()> {
    for (_, need) in NEEDS.iter().filter(|(kinds, _)| kinds.iter().any(|kind| options.includes(*kind))) {
        let outcome = need(stop);
        if stop.requested() {
            return Err(Interrupted.into());
        }
        if let Err(error) = outcome {
            eprintln!("{error:#}");
        }
    }
    Ok(())
}
