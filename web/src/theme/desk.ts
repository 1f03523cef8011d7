/** The styles of all components, for pages of the desk: import this once in a page. */

import "@mantine/core/styles.layer.css";
import "@mantine/spotlight/styles.layer.css";
