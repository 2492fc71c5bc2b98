/** The encodings that `TextDecoder` knows, by names that people of each language know. */
import { language } from '../../words/messages.js';

/** @typedef {'language' | 'region' | 'script'} Naming */

/** Label, what it is called, and whose it is: the browser has the words for that. @type {[label: string, title: string, naming: Naming | null, code: string][]} */
const ENCODINGS = [
  ['utf-8', 'UTF-8', null, 'Unicode'], ['utf-16le', 'UTF-16 LE', null, 'Unicode'], ['utf-16be', 'UTF-16 BE', null, 'Unicode'],
  ['windows-1252', 'Windows-1252', 'region', '155'], ['iso-8859-15', 'ISO 8859-15', 'region', '155'], ['macintosh', 'Macintosh', 'region', '155'],
  ['windows-1250', 'Windows-1250', 'region', '151'], ['iso-8859-2', 'ISO 8859-2', 'region', '151'], ['iso-8859-16', 'ISO 8859-16', 'language', 'ro'],
  ['windows-1257', 'Windows-1257', 'region', '154'], ['iso-8859-13', 'ISO 8859-13', 'region', '154'], ['iso-8859-4', 'ISO 8859-4', 'region', '154'], ['iso-8859-10', 'ISO 8859-10', 'region', '154'],
  ['iso-8859-3', 'ISO 8859-3', 'language', 'mt'], ['iso-8859-14', 'ISO 8859-14', 'language', 'ga'],
  ['windows-1254', 'Windows-1254', 'language', 'tr'], ['windows-1258', 'Windows-1258', 'language', 'vi'],
  ['windows-1251', 'Windows-1251', 'script', 'Cyrl'], ['koi8-r', 'KOI8-R', 'language', 'ru'], ['koi8-u', 'KOI8-U', 'language', 'uk'],
  ['iso-8859-5', 'ISO 8859-5', 'script', 'Cyrl'], ['ibm866', 'IBM 866', 'script', 'Cyrl'], ['x-mac-cyrillic', 'Macintosh', 'script', 'Cyrl'],
  ['windows-1253', 'Windows-1253', 'script', 'Grek'], ['iso-8859-7', 'ISO 8859-7', 'script', 'Grek'],
  ['windows-1255', 'Windows-1255', 'script', 'Hebr'], ['iso-8859-8', 'ISO 8859-8', 'script', 'Hebr'],
  ['windows-1256', 'Windows-1256', 'script', 'Arab'], ['iso-8859-6', 'ISO 8859-6', 'script', 'Arab'], ['windows-874', 'Windows-874', 'script', 'Thai'],
  ['shift_jis', 'Shift_JIS', 'language', 'ja'], ['euc-jp', 'EUC-JP', 'language', 'ja'], ['iso-2022-jp', 'ISO-2022-JP', 'language', 'ja'],
  ['gbk', 'GBK', 'language', 'zh-Hans'], ['gb18030', 'GB 18030', 'language', 'zh-Hans'], ['big5', 'Big5', 'language', 'zh-Hant'], ['euc-kr', 'EUC-KR', 'language', 'ko'],
];

/** @returns {{label: string, words: string}[]} */
export function encodings() {
  /** @type {Partial<Record<Naming, Intl.DisplayNames>>} */
  const names = {};
  return ENCODINGS.map(([label, title, naming, code]) => {
    const whose = naming === null ? code : (names[naming] ??= new Intl.DisplayNames([language()], { type: naming })).of(code);
    return { label, words: `${whose} (${title})` };
  });
}
