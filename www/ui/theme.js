/** Light, dark, or as the device says. */

/** @param {'system' | 'light' | 'dark'} theme */
export function showTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
