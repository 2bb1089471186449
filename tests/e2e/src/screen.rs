//! Screens that people have.

/// A screen, and the colours that its owner wishes for.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// `light` or `dark`.
    pub scheme: &'static str,
}

impl Screen {
    /// A small phone and a laptop, each by day and by night.
    pub const ALL: [Self; 4] = [
        Self { width: 360, height: 740, scheme: "light" },
        Self { width: 360, height: 740, scheme: "dark" },
        Self { width: 1280, height: 800, scheme: "light" },
        Self { width: 1280, height: 800, scheme: "dark" },
    ];
}
