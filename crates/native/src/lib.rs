//! What the servers bring to `evergrant-core`, which does no arithmetic of signatures and reads no clock: aws-lc-rs and the
//! machine's time. In the browser, WebCrypto and the page's clocks stand in their place.

mod public_key;
mod wall_clock;

pub use public_key::{AwsLc, PublicKey};
pub use wall_clock::now;
