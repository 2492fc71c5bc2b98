//! The worker's door to the kiosk's flow (see [`crate::kiosk`]): each answer is all that is to be shown.
//! Its clock is the worker's.

use wasm_bindgen::prelude::*;

use super::{Engine, Js, now, plain};
use crate::engine::Random;
use crate::kiosk::{Answer, Kind, Rules, Said};

#[wasm_bindgen]
impl Engine {
    /// After `observe`: what follows from what it saw in a frame of this height. `distance` and `timeout_ms` as the operator set them.
    #[wasm_bindgen(js_name = kioskSee)]
    pub fn kiosk_see(&mut self, height: f32, distance: f32, timeout_ms: f64) -> Result<Js<Said>, JsValue> {
        self.flow.set_rules(Rules { distance, timeout_ms });
        // Nothing of them is kept.
        let seen = std::mem::take(&mut self.seen);
        self.flow.see(&seen, height, now());
        self.kiosk_said()
    }

    /// Time passes without a frame.
    #[wasm_bindgen(js_name = kioskTick)]
    pub fn kiosk_tick(&mut self) -> Result<Js<Said>, JsValue> {
        self.flow.tick(now());
        self.kiosk_said()
    }

    /// The name that the screen of this number waited for is on it.
    #[wasm_bindgen(js_name = kioskNamed)]
    pub fn kiosk_named(&mut self, number: u32) -> Result<Js<Said>, JsValue> {
        self.flow.named(number, now());
        self.kiosk_said()
    }

    /// Nobody has been judged any more.
    #[wasm_bindgen(js_name = kioskAgain)]
    pub fn kiosk_again(&mut self) -> Result<Js<Said>, JsValue> {
        self.flow.again();
        self.kiosk_said()
    }

    /// A code for a guest; undefined where too many are open. `seed`: two random numbers of 32 bits, from a generator that nobody can foresee.
    #[wasm_bindgen(js_name = codeGive, unchecked_return_type = "GivenCode | undefined")]
    pub fn code_give(&mut self, seed_high: u32, seed_low: u32) -> Result<JsValue, JsValue> {
        let mut random = Random(u64::from(seed_high) << 32 | u64::from(seed_low));
        self.flow.give_code(|| random.draw(), now()).map_or(Ok(JsValue::UNDEFINED), |given| plain(&given))
    }

    /// How many codes are open.
    #[wasm_bindgen(js_name = codesOpen)]
    pub fn codes_open(&mut self) -> usize {
        self.flow.codes_open(now())
    }

    #[wasm_bindgen(js_name = codesTakeBack)]
    pub fn codes_take_back(&mut self) {
        self.flow.take_codes_back();
    }

    /// The store is locked.
    #[wasm_bindgen(js_name = kioskLock)]
    pub fn kiosk_lock(&mut self) {
        self.flow.lock();
        self.inner.enrol_forget();
        self.guests_close();
    }

    /// A guest has a code.
    #[wasm_bindgen(js_name = kioskAskCode)]
    pub fn kiosk_ask_code(&mut self) -> Result<Js<Said>, JsValue> {
        self.flow.ask_code(now());
        self.kiosk_said()
    }

    /// They typed it.
    #[wasm_bindgen(js_name = kioskEnterCode)]
    pub fn kiosk_enter_code(&mut self, typed: &str) -> Result<Js<Answer>, JsValue> {
        Js::new(&self.flow.enter_code(typed, now()))
    }

    /// They agreed, and are to be looked at. Whether there is such a guest: asked again before anything of them is kept.
    #[wasm_bindgen(js_name = kioskCapture)]
    pub fn kiosk_capture(&mut self) -> bool {
        self.flow.capture(now())
    }

    /// They do something.
    #[wasm_bindgen(js_name = kioskTouch)]
    pub fn kiosk_touch(&mut self) -> Result<Js<Said>, JsValue> {
        self.flow.touch(now());
        self.kiosk_said()
    }

    /// They are enrolled under this id.
    #[wasm_bindgen(js_name = kioskWelcome)]
    pub fn kiosk_welcome(&mut self, person: &str) -> Result<Js<Said>, JsValue> {
        self.flow.welcome(person, self.seen.first(), now());
        self.kiosk_said()
    }

    /// They cannot be enrolled here: they look like this person, or, without one, could not show that they are there.
    #[wasm_bindgen(js_name = kioskToDesk)]
    pub fn kiosk_to_desk(&mut self, known: Option<String>) -> Result<Js<Said>, JsValue> {
        self.flow.send_to_desk(known.as_deref(), self.seen.first(), now());
        self.kiosk_said()
    }

    fn kiosk_said(&mut self) -> Result<Js<Said>, JsValue> {
        let said = self.flow.said();
        if said.screen.kind != Kind::Capture {
            self.inner.enrol_forget();
        }
        Js::new(&said)
    }
}
