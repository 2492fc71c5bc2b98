/** For the tools that take the pictures of docs/: several screens in one picture. */

const GAP = 16;
const QUALITY = 0.72;

/**
 * Pictures beside each other, as WebP.
 * @param {import('playwright-core').Page} page whose browser puts them together
 * @param {Buffer[]} pictures PNGs
 * @param {number} [height] pixels, of each
 */
export async function sheet(page, pictures, height = 640) {
  const data = await page.evaluate(async ({ pictures, height, gap, quality }) => {
    const bitmaps = await Promise.all(pictures.map(async (picture) => createImageBitmap(new Blob([Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0))], { type: 'image/png' }))));
    const widths = bitmaps.map((bitmap) => Math.round((bitmap.width * height) / bitmap.height));
    const canvas = Object.assign(document.createElement('canvas'), { width: widths.reduce((sum, width) => sum + width, gap * (widths.length - 1)), height });
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    let x = 0;
    bitmaps.forEach((bitmap, at) => {
      context.drawImage(bitmap, x, 0, widths[at], height);
      x += widths[at] + gap;
    });
    return canvas.toDataURL('image/webp', quality).split(',')[1];
  }, { pictures: pictures.map((picture) => picture.toString('base64')), height, gap: GAP, quality: QUALITY });
  return Buffer.from(data, 'base64');
}
