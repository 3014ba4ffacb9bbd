"""Lists of this app, and the dialogs in which any list is arranged."""
