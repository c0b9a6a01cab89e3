"""The five doors: one folder for each operator whose API the hub answers. None knows of another."""
