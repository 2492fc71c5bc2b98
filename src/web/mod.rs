//! The worker's door to the engine: plain values in, plain values out, and every error as `{code, message, remedy}`.

mod lists;

use js_sys::{Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::engine::{self, Engine as Inner, EngineParams, Enrolment, Policy};
use crate::error::EngineError;
use crate::face::frame::Frame;
use crate::face::mask::Mask;
use crate::face::quality::Quality;
use crate::manifest::{Manifest, Role};
use crate::person::protect::Protector;
use crate::person::template::Template;

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
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TemplateInfo {
    models: Models,
    mask: Mask,
    quality: f32,
}

#[derive(Serialize)]
struct Models {
    full: Option<String>,
    periocular: String,
}

#[derive(Serialize)]
struct Listed<'a> {
    role: &'static str,
    id: String,
    file: &'a str,
}

#[derive(Serialize)]
struct Refusal {
    index: usize,
    code: &'static str,
    message: String,
}

#[wasm_bindgen]
impl Engine {
    /// `manifest`: the text of manifest.json.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &str) -> Result<Engine, JsValue> {
        let manifest = Manifest::parse(manifest).map_err(thrown)?;
        Ok(Self { inner: Inner::new(manifest, EngineParams::default(), now), protector: None })
    }

    /// What must be fetched: `{role, id, file}` each, the id as templates have it.
    pub fn models(&self) -> Result<JsValue, JsValue> {
        let models = &self.inner.manifest().models;
        plain(&models.iter().map(|m| Listed { role: m.role.name(), id: m.known_as(), file: &m.file }).collect::<Vec<_>>())
    }

    /// Takes in a model's file, after checking that it is the one that the manifest names. `digest`: its SHA-256.
    #[wasm_bindgen(js_name = addModel)]
    pub fn add_model(&mut self, role: &str, bytes: &[u8], digest: &[u8]) -> Result<(), JsValue> {
        let role = Role::parse(role).ok_or_else(|| thrown(EngineError::UnknownRole(role.to_owned())))?;
        self.inner.add_model(role, bytes, digest).map_err(thrown)
    }

    /// One frame of a live stream: an array of observations.
    pub fn observe(&mut self, rgba: &[u8], width: usize, height: usize, time_ms: f64) -> Result<JsValue, JsValue> {
        let frame = frame(rgba, width, height, time_ms)?;
        plain(&self.inner.observe(&frame).map_err(thrown)?)
    }

    #[wasm_bindgen(js_name = resetTracks)]
    pub fn reset_tracks(&mut self) {
        self.inner.reset_tracks();
    }

    /// Milliseconds that each stage of the last frame took.
    #[wasm_bindgen(js_name = lastTimings)]
    pub fn last_timings(&self) -> Result<JsValue, JsValue> {
        plain(&self.inner.timings())
    }

    #[wasm_bindgen(js_name = enrolBegin)]
    pub fn enrol_begin(&mut self) {
        self.inner.enrol_begin();
    }

    /// `{hint, progress, observation, done}`.
    #[wasm_bindgen(js_name = enrolFrame)]
    pub fn enrol_frame(&mut self, rgba: &[u8], width: usize, height: usize, time_ms: f64) -> Result<JsValue, JsValue> {
        let frame = frame(rgba, width, height, time_ms)?;
        plain(&self.inner.enrol_frame(&frame).map_err(thrown)?)
    }

    /// `{templates, mask, quality, resembles, best: {rgba, width, height}}`; `resembles`: the id of somebody enrolled already, or null.
    #[wasm_bindgen(js_name = enrolFinish)]
    pub fn enrol_finish(&mut self) -> Result<JsValue, JsValue> {
        enrolled(&self.inner.enrol_finish().map_err(thrown)?)
    }

    /// The same from a photograph of one person.
    #[wasm_bindgen(js_name = enrolPhoto)]
    pub fn enrol_photo(&mut self, rgba: &[u8], width: usize, height: usize) -> Result<JsValue, JsValue> {
        let frame = frame(rgba, width, height, 0.0)?;
        enrolled(&self.inner.enrol_still(&frame).map_err(thrown)?)
    }

    /// Who is on a photograph: an array of observations.
    #[wasm_bindgen(js_name = identifyPhoto)]
    pub fn identify_photo(&mut self, rgba: &[u8], width: usize, height: usize) -> Result<JsValue, JsValue> {
        let frame = frame(rgba, width, height, 0.0)?;
        plain(&self.inner.identify_still(&frame).map_err(thrown)?)
    }

    /// Whether the faces on a photograph are one person's: an array of observations.
    pub fn verify(&mut self, id: &str, rgba: &[u8], width: usize, height: usize) -> Result<JsValue, JsValue> {
        let frame = frame(rgba, width, height, 0.0)?;
        plain(&self.inner.verify_still(id, &frame).map_err(thrown)?)
    }

    /// Enrols or replaces a person: `{accepted, refused: [{index, code, message}]}`. A template that cannot be read or was
    /// made by another model is refused; the others are used.
    #[wasm_bindgen(js_name = putPerson)]
    pub fn put_person(&mut self, id: &str, templates: Vec<Uint8Array>) -> Result<JsValue, JsValue> {
        let (mut usable, mut indices, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (index, bytes) in templates.iter().enumerate() {
            match Template::decode(&bytes.to_vec()) {
                Ok(template) => {
                    usable.push(template);
                    indices.push(index);
                }
                Err(e) => {
                    let e = EngineError::from(e);
                    refused.push(Refusal { index, code: e.code(), message: e.to_string() });
                }
            }
        }
        let accepted = usable.len();
        let foreign = self.inner.put_person(id, usable);
        let accepted = accepted - foreign.len();
        refused.extend(foreign.into_iter().map(|(i, e)| Refusal {
            index: indices[i],
            code: "template_other_model",
            message: e.to_string(),
        }));
        let result = Object::new();
        set(&result, "accepted", accepted.into());
        set(&result, "refused", plain(&refused)?);
        Ok(result.into())
    }

    /// Which of a person's templates were made by networks before these: `{references: [index], due}`; `due`: there is no other.
    pub fn outdated(&self, templates: Vec<Uint8Array>) -> Result<JsValue, JsValue> {
        let templates: Vec<_> = templates.iter().map(|bytes| Template::decode(&bytes.to_vec()).ok()).collect();
        plain(&self.inner.outdated(&templates))
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

    /// What is asked of presence: `off`, `warn`, `require-passive` or `require-turn`. `seed`: two random numbers of 32 bits, from a
    /// generator that nobody can foresee.
    #[wasm_bindgen(js_name = setPresence)]
    pub fn set_presence(&mut self, policy: &str, seed_high: u32, seed_low: u32) -> Result<(), JsValue> {
        let policy = Policy::parse(policy).ok_or_else(|| thrown(EngineError::PresencePolicy(policy.to_owned())))?;
        self.inner.set_presence(policy, u64::from(seed_high) << 32 | u64::from(seed_low)).map_err(thrown)
    }

    /// The score that a match needs now.
    pub fn needed(&self) -> f32 {
        self.inner.needed()
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

    /// `{models: {full, periocular}, mask, quality}` of a template's bytes.
    #[wasm_bindgen(js_name = templateInfo)]
    pub fn template_info(&self, template: &[u8]) -> Result<JsValue, JsValue> {
        let t = Template::decode(template).map_err(|e| thrown(e.into()))?;
        let models = Models { full: t.full.map(|f| f.model), periocular: t.periocular.model };
        plain(&TemplateInfo { models, mask: t.mask, quality: t.quality })
    }
}

impl Engine {
    /// The protector of this key; it is kept, as its rotations cost more to make than to apply.
    fn protector(&mut self, key: &[u8]) -> Result<&mut Protector, JsValue> {
        let key: [u8; 32] = key.try_into().map_err(|_| thrown(EngineError::ProtectionKey(key.len())))?;
        let kept = self.protector.take().filter(|p| *p.key() == key);
        Ok(self.protector.insert(kept.unwrap_or_else(|| Protector::new(key))))
    }
}

fn frame(rgba: &[u8], width: usize, height: usize, time_ms: f64) -> Result<Frame<'_>, JsValue> {
    Frame::new(rgba, width, height, time_ms).map_err(|e| thrown(e.into()))
}

fn enrolled(e: &Enrolment) -> Result<JsValue, JsValue> {
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
    Ok(result)
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
    let value = Object::new();
    set(&value, "code", e.code().into());
    set(&value, "message", e.to_string().into());
    set(&value, "remedy", e.remedy().into());
    value.into()
}
