"""Decision tables: `rules/<id>.yaml`, compiled for the zen engine; JDM files (`<id>.json`) are taken as they are."""
