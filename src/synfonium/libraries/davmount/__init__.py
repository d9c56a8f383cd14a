"""A collection of a WebDAV server as a folder of this computer, by rclone and FUSE."""
