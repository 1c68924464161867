"""How far everything is, area by area, as `manage.py sync_status` tells it.

areas     what an app registers in its `areas.py`: how to count what it keeps
counting  how work rows are counted
reading   all areas at one instant, with the last runs of their units
told      the same as a table and as JSON
"""
