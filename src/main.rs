//! The Evergrant app.

fn main() {
    evergrant_app::start();
}
