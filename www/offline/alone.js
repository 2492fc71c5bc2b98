/**
 * No page of ours works inside another's, which could hide it or lay something over it; only frame.html, and the kiosk where
 * its operator allows it, are made for that. The headers refuse it already; this is for hosts that send none. Imported by
 * such pages before anything that starts.
 */
import { make } from '../ui/dom.js';
import { startLanguage } from '../ui/page-language.js';

if (window.top !== window) {
  // At once, so that nothing in the page is found by what is imported afterwards.
  document.body.replaceChildren(make('main', { class: 'framed-by-another' },
    make('h1', { 'data-t': 'framed.title' }), make('p', { 'data-t': 'framed.text' }),
    make('p', {}, make('a', { href: location.href, target: '_blank', 'data-t': 'framed.open' }))));
  void startLanguage();
  throw new Error('brow: this page does not run inside another');
}
