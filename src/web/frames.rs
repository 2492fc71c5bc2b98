//! The camera's pictures, read where the engine is: the page hands them over as they are, its thread does no work for them, and no
//! pixel of them leaves the worker.

use std::f64::consts::PI;

use js_sys::{Object, Promise, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{DomRectReadOnly, ImageBitmap, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::{bytes, frame, set};
use crate::face::frame::Frame;

// web-sys has it only among what is unstable, behind a flag of the compiler.
#[wasm_bindgen]
extern "C" {
    type VideoFrame;
    #[wasm_bindgen(method, getter)]
    fn format(this: &VideoFrame) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = visibleRect)]
    fn visible_rect(this: &VideoFrame) -> Option<DomRectReadOnly>;
    #[wasm_bindgen(method, getter, js_name = displayWidth)]
    fn display_width(this: &VideoFrame) -> u32;
    #[wasm_bindgen(method, getter, js_name = displayHeight)]
    fn display_height(this: &VideoFrame) -> u32;
    /// Degrees; not every browser has it.
    #[wasm_bindgen(method, getter)]
    fn rotation(this: &VideoFrame) -> Option<f64>;
    /// Not every browser has it.
    #[wasm_bindgen(method, getter)]
    fn flip(this: &VideoFrame) -> Option<bool>;
    #[wasm_bindgen(method, catch, js_name = allocationSize)]
    fn allocation_size(this: &VideoFrame, options: &Object) -> Result<usize, JsValue>;
    #[wasm_bindgen(method, catch, js_name = copyTo)]
    fn copy_to(this: &VideoFrame, to: &Uint8Array, options: &Object) -> Result<Promise, JsValue>;
}

/// The last picture that was read: RGBA, eight bits a channel, upright, row after row.
#[wasm_bindgen]
pub struct Pictures {
    rgba: Vec<u8>,
    width: usize,
    height: usize,
    /// Where the browser copies to, in its own memory: a view of ours would move when that grows.
    landing: Uint8Array,
    context: Option<OffscreenCanvasRenderingContext2d>,
}

#[wasm_bindgen]
impl Pictures {
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Pictures {
        Self { rgba: Vec::new(), width: 0, height: 0, landing: Uint8Array::new_with_length(0), context: None }
    }

    /// Begins to copy a picture as it is, for `copied`. Undefined where it must be drawn: it is to be turned by `rotation` degrees or has another
    /// size, or this browser does not copy it as RGBA. One that does not know that wish keeps the format: planes of luma and chroma have
    /// another length, and four bytes a pixel may have another order.
    pub fn copy(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "VideoFrame | ImageBitmap")] picture: &JsValue,
        width: u32,
        height: u32,
        rotation: f64,
    ) -> Option<Promise> {
        if rotation != 0.0 || picture.is_instance_of::<ImageBitmap>() {
            return None;
        }
        let picture: &VideoFrame = picture.unchecked_ref();
        let visible = picture.visible_rect()?;
        let whole = (picture.display_width(), picture.display_height()) == (width, height)
            && (visible.width(), visible.height()) == (f64::from(width), f64::from(height));
        let turned = picture.rotation().unwrap_or(0.0) != 0.0 || picture.flip().unwrap_or(false);
        let format = picture.format()?;
        if !whole || turned || !(format == "RGBA" || format == "NV12" || format.starts_with("I4")) {
            return None;
        }
        let options = Object::new();
        set(&options, "format", "RGBA".into());
        let length = 4 * width as usize * height as usize;
        if picture.allocation_size(&options).ok()? != length {
            return None;
        }
        if self.landing.length() as usize != length {
            self.landing = Uint8Array::new_with_length(length as u32);
        }
        picture.copy_to(&self.landing, &options).ok()
    }

    /// What `copy` began, of this size, is done.
    pub fn copied(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.rgba.resize(self.landing.length() as usize, 0);
        self.landing.copy_to(&mut self.rgba);
    }

    /// Draws a picture as large as it is wanted, and turned by `rotation` degrees.
    pub fn draw(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "VideoFrame | ImageBitmap")] picture: &JsValue,
        width: u32,
        height: u32,
        rotation: f64,
    ) -> Result<(), JsValue> {
        if self.context.is_none() {
            let options = Object::new();
            // Read back every time: without this hint browsers keep the canvas on the graphics card and stall on every read.
            set(&options, "willReadFrequently", true.into());
            set(&options, "alpha", false.into());
            let context = OffscreenCanvas::new(width, height)?.get_context_with_context_options("2d", &options)?;
            self.context = context.map(JsCast::unchecked_into);
        }
        let context = self.context.as_ref().ok_or(JsValue::UNDEFINED)?;
        let canvas = context.canvas();
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        let (w, h) = (f64::from(width), f64::from(height));
        let (across, down) = if rotation % 180.0 == 0.0 { (w, h) } else { (h, w) };
        context.set_transform(1.0, 0.0, 0.0, 1.0, w / 2.0, h / 2.0)?;
        context.rotate(rotation * PI / 180.0)?;
        // A canvas draws both kinds by the same call.
        context.draw_image_with_image_bitmap_and_dw_and_dh(picture.unchecked_ref(), -across / 2.0, -down / 2.0, across, down)?;
        let data = context.get_image_data(0.0, 0.0, w, h)?.data().0;
        self.set(data, width as usize, height as usize);
        Ok(())
    }

    /// Takes pixels that the page has read.
    pub fn set(&mut self, rgba: Vec<u8>, width: usize, height: usize) {
        (self.rgba, self.width, self.height) = (rgba, width, height);
    }

    /// A copy of the pixels, for what looks at them beside the engine.
    pub fn rgba(&self) -> Uint8Array {
        bytes(&self.rgba)
    }
}

impl Pictures {
    pub(super) fn frame(&self, time_ms: f64) -> Result<Frame<'_>, JsValue> {
        frame(&self.rgba, self.width, self.height, time_ms)
    }

    /// The pixels from last to first: the picture on its head.
    pub(super) fn turned(&self) -> Self {
        let rgba = self.rgba.chunks_exact(4).rev().flatten().copied().collect();
        Self { rgba, landing: Uint8Array::new_with_length(0), context: None, ..*self }
    }
}
