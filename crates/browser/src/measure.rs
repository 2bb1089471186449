//! Marks on the browser's own timeline (R16), for developer tools and benchmarks. No secrets in them.

use evergrant_core::session::RenewalRecord;
use js_sys::{Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// How many renewals stay on the timeline: a page may be open for weeks.
const KEPT: u64 = 100;

/// `evergrant:renewal`, with `detail` = `{method, outcome, cause}`, for every attempt: this is the attempt `number`, counted from
/// 1, which `ended` so many milliseconds after the page's time origin. From time to time the older ones are taken away.
pub fn renewal(record: &RenewalRecord, number: u64, ended: f64) {
    if number.is_multiple_of(KEPT) {
        call("clearMeasures", "evergrant:renewal", &JsValue::UNDEFINED);
    }
    let detail = object(&[
        ("method", record.method.as_str().into()),
        ("outcome", record.outcome.as_str().into()),
        ("cause", record.cause.as_str().into()),
    ]);
    let start = ended - record.duration.as_secs_f64() * 1000.0;
    let options = object(&[("start", start.max(0.0).into()), ("end", ended.into()), ("detail", detail)]);
    call("measure", "evergrant:renewal", &options);
}

/// `evergrant:ready`: the session is known after the page was loaded.
pub fn ready() {
    call("mark", "evergrant:ready", &JsValue::UNDEFINED);
}

/// Calls `performance.mark` or `performance.measure`; old browsers that know no options are left alone.
fn call(method: &str, name: &str, options: &JsValue) {
    let Some(performance) = web_sys::window().and_then(|window| window.performance()) else { return };
    if let Some(function) =
        Reflect::get(&performance, &method.into()).ok().and_then(|it| it.dyn_into::<Function>().ok())
    {
        let _ = function.call2(&performance, &name.into(), options);
    }
}

fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}
