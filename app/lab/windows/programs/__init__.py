"""The programs of a simulated Windows node: those of Windows, the clusters', JobCenter's, and the lab's installers."""
