//! The worker's door to the engine: plain values in, plain values out, and every error as `{code, values}`, without words.

mod frames;
mod guests;
mod kiosk;
mod lists;
mod second;
mod vault;

use std::marker::PhantomData;

use js_sys::{Array, Float32Array, Function, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::convert::IntoWasmAbi;
use wasm_bindgen::describe::WasmDescribe;
use wasm_bindgen::prelude::*;

use self::frames::Pictures;
use crate::engine::{self, Engine as Inner, EngineParams, Enrolment, EnrolmentStep, Observation, Outdated, Policy, Timings};
use crate::error::EngineError;
use crate::face::frame::Frame;
use crate::face::geometry::Point;
use crate::face::mask::Mask;
use crate::face::quality::Quality;
use crate::kiosk::{Flow, Rules};
use crate::manifest::{Listed, Manifest, Role};
use crate::model::OpenOther;
use crate::person::protect::Protector;
use crate::person::template::{Template, TemplateInfo};
use crate::vault::settings;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// The engine, as the worker sees it. Images are RGBA, eight bits a channel, row after row.
#[wasm_bindgen]
pub struct Engine {
    inner: Inner,
    protector: Option<Protector>,
    /// Of the last frame of the live stream, or of an enrolment.
    seen: Vec<Observation>,
    flow: Flow,
    desk: guests::Desk,
}

/// A value as JavaScript has it; `T` says for the declarations what it is (`src/declarations.rs`).
pub struct Js<T>(JsValue, PhantomData<T>);

impl<T: Serialize> Js<T> {
    fn new(value: &T) -> Result<Self, JsValue> {
        Ok(Self::of(plain(value)?))
    }
}

impl<T> Js<T> {
    fn of(value: JsValue) -> Self {
        Self(value, PhantomData)
    }
}

impl<T> WasmDescribe for Js<T> {
    fn describe() {
        JsValue::describe();
    }
}

impl<T> IntoWasmAbi for Js<T> {
    type Abi = <JsValue as IntoWasmAbi>::Abi;

    fn into_abi(self) -> Self::Abi {
        self.0.into_abi()
    }
}

#[wasm_bindgen]
impl Engine {
    /// `manifest`: the text of manifest.json.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str) -> Result<Engine, JsValue> {
        let manifest = Manifest::parse(manifest).map_err(thrown)?;
        let inner = Inner::new(manifest, EngineParams::default(), now);
        let rules =
            Rules { distance: settings::number("kioskDistance") as f32, timeout_ms: 1000.0 * settings::number("kioskTimeoutSeconds") };
        Ok(Self { inner, protector: None, seen: Vec::new(), flow: Flow::new(rules), desk: guests::Desk::default() })
    }

    /// What must be fetched.
    pub fn models(&self) -> Result<Js<Vec<Listed>>, JsValue> {
        Js::new(&self.inner.manifest().listed())
    }

    /// Takes in a model's file, after checking that it is the one that the manifest names. `digest`: its SHA-256. `other(rows, columns)`
    /// opens the same file in the second runtime, where there is one.
    #[wasm_bindgen(js_name = addModel)]
    pub fn add_model(
        &mut self,
        role: &str,
        bytes: &[u8],
        digest: &[u8],
        #[wasm_bindgen(
            unchecked_optional_param_type = "(rows: number, columns: number) => { length: number; run(image: Float32Array): Float32Array }"
        )]
        other: Option<Function>,
    ) -> Result<(), JsValue> {
        let role = Role::parse(role).ok_or_else(|| thrown(EngineError::ModelUnknown { role: role.to_owned() }))?;
        let open = other.map(|open| move |_: &[u8], input: [usize; 4]| second::open(&open, input));
        self.inner.add_model(role, bytes, digest, open.as_ref().map(|o| o as OpenOther)).map_err(thrown)
    }

    /// One frame of a live stream.
    pub fn observe(&mut self, pictures: &Pictures, time_ms: f64) -> Result<Js<Vec<Observation>>, JsValue> {
        self.seen = self.inner.observe(&pictures.frame(time_ms)?).map_err(thrown)?;
        Js::new(&self.seen)
    }

    /// Who is in that frame if its camera hangs upside down.
    #[wasm_bindgen(js_name = observeTurned)]
    pub fn observe_turned(&mut self, pictures: &Pictures) -> Result<Js<Vec<Observation>>, JsValue> {
        Js::new(&self.inner.identify_still(&pictures.turned().frame(0.0)?).map_err(thrown)?)
    }

    #[wasm_bindgen(js_name = resetTracks)]
    pub fn reset_tracks(&mut self) {
        self.inner.reset_tracks();
        self.seen.clear();
    }

    /// Milliseconds that each stage of the last frame took.
    #[wasm_bindgen(js_name = lastTimings)]
    pub fn last_timings(&self) -> Result<Js<Timings>, JsValue> {
        Js::new(&self.inner.timings())
    }

    #[wasm_bindgen(js_name = enrolBegin)]
    pub fn enrol_begin(&mut self) -> Result<(), JsValue> {
        self.inner.enrol_begin().map_err(thrown)
    }

    /// One frame of an enrolment.
    #[wasm_bindgen(js_name = enrolFrame)]
    pub fn enrol_frame(&mut self, pictures: &Pictures, time_ms: f64) -> Result<Js<EnrolmentStep>, JsValue> {
        let step = self.inner.enrol_frame(&pictures.frame(time_ms)?).map_err(thrown)?;
        self.seen = step.observation.clone().into_iter().collect();
        Js::new(&step)
    }

    /// What the frames gave.
    #[wasm_bindgen(js_name = enrolFinish)]
    pub fn enrol_finish(&mut self) -> Result<Js<Enrolment>, JsValue> {
        enrolled(&self.inner.enrol_finish().map_err(thrown)?)
    }

    /// The same from a photograph of one person, or of the face at a point of it that somebody chose; none is chosen where `x` is no number.
    #[wasm_bindgen(js_name = enrolPhoto)]
    pub fn enrol_photo(
        &mut self,
        rgba: &[u8],
        width: usize,
        height: usize,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] x: f32,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] y: f32,
    ) -> Result<Js<Enrolment>, JsValue> {
        let frame = frame(rgba, width, height, 0.0)?;
        let chosen = (!x.is_nan()).then(|| Point::new(x, y));
        enrolled(&self.inner.enrol_still(&frame, chosen).map_err(thrown)?)
    }

    /// Who is on a photograph.
    #[wasm_bindgen(js_name = identifyPhoto)]
    pub fn identify_photo(&mut self, rgba: &[u8], width: usize, height: usize) -> Result<Js<Vec<Observation>>, JsValue> {
        let frame = frame(rgba, width, height, 0.0)?;
        Js::new(&self.inner.identify_still(&frame).map_err(thrown)?)
    }

    /// Whether the faces on a photograph are one person's.
    pub fn verify(&mut self, id: &str, rgba: &[u8], width: usize, height: usize) -> Result<Js<Vec<Observation>>, JsValue> {
        let frame = frame(rgba, width, height, 0.0)?;
        Js::new(&self.inner.verify_still(id, &frame).map_err(thrown)?)
    }

    /// Enrols or replaces a person, and says how many of the templates were refused: they cannot be read, or other networks made them.
    #[wasm_bindgen(js_name = putPerson)]
    pub fn put_person(&mut self, id: &str, templates: Vec<Uint8Array>) -> usize {
        let readable: Vec<_> = templates.iter().filter_map(|bytes| Template::decode(&bytes.to_vec()).ok()).collect();
        templates.len() - readable.len() + self.inner.put_person(id, readable).len()
    }

    /// Which of a person's templates were made by networks before these.
    pub fn outdated(&self, templates: Vec<Uint8Array>) -> Result<Js<Outdated>, JsValue> {
        let templates: Vec<_> = templates.iter().map(|bytes| Template::decode(&bytes.to_vec()).ok()).collect();
        Js::new(&self.inner.outdated(&templates))
    }

    /// The template of the face on a picture that was kept; throws where it is not good enough for one.
    pub fn remake(&mut self, rgba: &[u8], width: usize, height: usize) -> Result<Vec<u8>, JsValue> {
        let frame = frame(rgba, width, height, 0.0)?;
        Ok(self.inner.remake(&frame).map_err(thrown)?.encode())
    }

    #[wasm_bindgen(js_name = removePerson)]
    pub fn remove_person(&mut self, id: &str) -> bool {
        self.inner.remove_person(id)
    }

    #[wasm_bindgen(js_name = clearGallery)]
    pub fn clear_gallery(&mut self) {
        self.inner.clear_gallery();
    }

    pub fn people(&self) -> usize {
        self.inner.gallery().people()
    }

    pub fn references(&self) -> usize {
        self.inner.gallery().references()
    }

    /// Target false-match rate of one probe against the whole gallery, 0.1 .. 0.000001.
    #[wasm_bindgen(js_name = setTarget)]
    pub fn set_target(&mut self, fmr: f32) -> Result<(), JsValue> {
        self.inner.set_target(fmr).map_err(thrown)
    }

    /// What is asked of presence. `seed`: two random numbers of 32 bits, from a generator that nobody can foresee. What nobody defined asks for
    /// the most, and is an error; so is what cannot be kept.
    #[wasm_bindgen(js_name = setPresence)]
    pub fn set_presence(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "PresencePolicy")] policy: &str,
        seed_high: u32,
        seed_low: u32,
    ) -> Result<(), JsValue> {
        let asked = Policy::parse(policy);
        let kept = self.inner.set_presence(asked.unwrap_or(Policy::RequireTurn), u64::from(seed_high) << 32 | u64::from(seed_low));
        asked.ok_or_else(|| EngineError::PresencePolicy { policy: policy.to_owned() }).and(kept).map_err(thrown)
    }

    /// The score that a match needs now.
    pub fn needed(&self) -> f32 {
        self.inner.needed()
    }

    /// What each target would cost: `[set, numbers]` for each set that was measured, three numbers a target ([`Inner::choices`]).
    #[wasm_bindgen(unchecked_return_type = "[set: string, costs: Float32Array][]")]
    pub fn choices(&mut self) -> Array {
        let of_set = |(set, costs): (&str, Vec<[f32; 3]>)| Array::of2(&set.into(), &Float32Array::from(costs.as_flattened()).into());
        self.inner.choices().into_iter().map(of_set).collect()
    }

    /// The template turned by the vault's secret of 32 bytes: stored templates do not lie in the engine's own space.
    pub fn protect(&mut self, template: &[u8], key: &[u8]) -> Result<Vec<u8>, JsValue> {
        let template = Template::decode(template).map_err(|e| thrown(e.into()))?;
        Ok(self.protector(key)?.protect(&template).encode())
    }

    /// The way back.
    pub fn unprotect(&mut self, template: &[u8], key: &[u8]) -> Result<Vec<u8>, JsValue> {
        let template = Template::decode(template).map_err(|e| thrown(e.into()))?;
        Ok(self.protector(key)?.unprotect(&template).encode())
    }

    /// What a template's bytes say of it.
    #[wasm_bindgen(js_name = templateInfo)]
    pub fn template_info(&self, template: &[u8]) -> Result<Js<TemplateInfo>, JsValue> {
        Js::new(&Template::decode(template).map_err(|e| thrown(e.into()))?.info())
    }
}

impl Engine {
    /// The protector of this key; it is kept, as its rotations cost more to make than to apply.
    fn protector(&mut self, key: &[u8]) -> Result<&mut Protector, JsValue> {
        let key: [u8; 32] = key.try_into().map_err(|_| thrown(EngineError::BadKey { found: key.len() }))?;
        let kept = self.protector.take().filter(|p| *p.key() == key);
        Ok(self.protector.insert(kept.unwrap_or_else(|| Protector::new(key))))
    }
}

fn frame(rgba: &[u8], width: usize, height: usize, time_ms: f64) -> Result<Frame<'_>, JsValue> {
    Frame::new(rgba, width, height, time_ms).map_err(|e| thrown(e.into()))
}

fn enrolled(e: &Enrolment) -> Result<Js<Enrolment>, JsValue> {
    #[derive(Serialize)]
    struct Seen<'a> {
        mask: Mask,
        quality: Quality,
        resembles: Option<&'a str>,
    }
    let result = plain(&Seen { mask: e.mask, quality: e.quality, resembles: e.resembles.as_deref() })?;
    let templates: Array = e.templates.iter().map(|t| JsValue::from(bytes(&t.encode()))).collect();
    set(&result, "templates", templates.into());
    set(&result, "best", picture(&e.picture));
    Ok(Js::of(result))
}

fn picture(p: &engine::Picture) -> JsValue {
    let value = Object::new();
    set(&value, "rgba", bytes(&p.rgba).into());
    set(&value, "width", p.width.into());
    set(&value, "height", p.height.into());
    value.into()
}

/// A copy in the browser's own memory: a view of ours would move when it grows.
fn bytes(b: &[u8]) -> Uint8Array {
    Uint8Array::from(b)
}

fn set(object: &JsValue, key: &str, value: JsValue) {
    // Only a frozen object or a proxy refuses, and these are fresh plain ones.
    let _ = Reflect::set(object, &key.into(), &value);
}

fn plain<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(JsValue::from)
}

fn thrown(e: EngineError) -> JsValue {
    plain(&e).unwrap_or_else(|fault| fault)
}
