// What a picture is to a screen reader: a list whose items are its tiles.
#pragma once

namespace qd::views {

class Picture;

// Registers the factory; any number of calls count as one.
void installPictureAccessibility();
// Tells assistive technology that the selection went to another tile.
void announceSelection(Picture& picture);

}  // namespace qd::views
