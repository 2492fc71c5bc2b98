/** The picture that was kept of somebody. */

/** Of which kind it is: JPEG, or PNG from releases before. @param {Uint8Array} bytes */
export const pictureType = (bytes) => (bytes[0] === 0xff && bytes[1] === 0xd8 ? 'image/jpeg' : 'image/png');

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Blob} */
export const pictureBlob = (bytes) => new Blob([bytes], { type: pictureType(bytes) });
