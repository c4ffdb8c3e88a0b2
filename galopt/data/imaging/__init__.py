"""Images: files, cutouts, mosaics, photometry."""
