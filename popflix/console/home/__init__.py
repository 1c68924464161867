"""Home: panels that the apps register, and the list of what needs a person.

panels   the registry of panels, and who sees which
needs    the registry of what may need a person
views    home itself and the fragment of one panel
"""
