// Gives the precompiled header a target to be compiled for; see Precompiled.h.
