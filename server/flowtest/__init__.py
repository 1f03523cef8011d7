"""Flow tests with sound (`audio`) and over the telephone (`sip`); as text they are `dialog.flowtest`."""
